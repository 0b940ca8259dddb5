import { IdempotencyKeyMalformed } from "../../broker/errors.ts";

const VISIBLE = /^[\x21-\x7e]{8,255}$/;
/** A string as structured headers (RFC 9651) write it. */
const QUOTED = /^"((?:[^"\\]|\\["\\])*)"$/;

/** The client's key, sent bare or quoted; both forms of one key are the same key. Throws IdempotencyKeyMalformed. */
export function idempotencyKey(header: string | undefined): string | undefined {
	if (header === undefined) return undefined;
	const quoted = QUOTED.exec(header)?.[1];
	const key = quoted === undefined ? header : quoted.replace(/\\(["\\])/g, "$1");
	if (!VISIBLE.test(key) || (quoted === undefined && key.startsWith('"'))) throw new IdempotencyKeyMalformed();
	return key;
}
