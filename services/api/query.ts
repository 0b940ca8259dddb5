import type { Flaw } from "../../broker/errors.ts";
import { QueryMalformed } from "./api.errors.ts";
import { POISONOUS } from "./json.ts";

const MOST = 50;

/** Reads a query as names and plain values. Throws QueryMalformed where it is nested, repeated or badly encoded. */
export function parseQuery(query: string): Record<string, string> {
	const params: Record<string, string> = {};
	if (query === "") return params;
	const flaws: Flaw[] = [];
	const pairs = query.split("&");
	if (pairs.length > MOST) throw new QueryMalformed([{ detail: `More than ${MOST} parameters` }]);
	for (const pair of pairs) {
		if (pair === "") continue;
		const equals = pair.indexOf("=");
		const name = decode(equals < 0 ? pair : pair.slice(0, equals));
		const value = decode(equals < 0 ? "" : pair.slice(equals + 1));
		if (name === undefined || value === undefined) flaws.push({ parameter: pair, detail: "is not well encoded" });
		else if (/[[\]]/.test(name)) flaws.push({ parameter: name, detail: "is nested, which no parameter is" });
		else if (POISONOUS.has(name)) flaws.push({ parameter: name, detail: "is a name that is not allowed" });
		else if (Object.hasOwn(params, name)) flaws.push({ parameter: name, detail: "is given twice" });
		else params[name] = value;
	}
	if (flaws.length > 0) throw new QueryMalformed(flaws);
	return params;
}

function decode(text: string): string | undefined {
	if (!/[%+]/.test(text)) return text;
	try {
		return decodeURIComponent(text.replaceAll("+", " "));
	} catch {
		return undefined;
	}
}
