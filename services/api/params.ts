import { ValidationFailed } from "../../broker/errors.ts";
import { QueryMalformed } from "./api.errors.ts";
import { membersOf, readBody } from "./body.ts";
import type { Exchange } from "./exchange.ts";
import { parseQuery } from "./query.ts";
import type { Endpoint } from "./routes.ts";

type Params = Record<string, unknown>;

/** Whether an endpoint takes what it needs from the query; the others take it from the body. */
export const asks = ({ method }: Endpoint): boolean => method === "GET" || method === "DELETE";

/** The path's parameters and the query's, each said once. Throws QueryMalformed. */
export function queryParams({ query }: Exchange, path: Params): Params {
	if (query === "") return path;
	const given = parseQuery(query);
	for (const name of Object.keys(given))
		if (Object.hasOwn(path, name))
			throw new QueryMalformed([{ parameter: name, detail: "is given by the path already" }]);
	return { ...given, ...path };
}

/**
 * The same for a stream. A browser that connects again says the last id it saw, beside the address that it had at first:
 * then that is what the stream goes on after, where it can.
 */
export function streamParams(exchange: Exchange, { action }: Endpoint, path: Params): Params {
	const params = queryParams(exchange, path);
	const last = exchange.header("last-event-id");
	const { properties = {} } = action.params as { properties?: object };
	return last && "after" in properties ? { ...params, after: last } : params;
}

/** The path's parameters and the body's members, each said once; or the body as it came. Throws what is wrong with it. */
export async function bodyParams(exchange: Exchange, { action }: Endpoint, path: Params): Promise<Params> {
	const [stray] = Object.keys(parseQuery(exchange.query));
	if (stray !== undefined) throw new QueryMalformed([{ parameter: stray, detail: "is not part of this request" }]);
	// A form sends what it likes; Node throws away what nobody reads.
	if (action.page) return path;
	const body = await readBody(exchange.req);
	if (action.rawBody) return { raw: body, signature: exchange.header("souk-signature") ?? "", ...path };
	const members = membersOf(body);
	for (const name of Object.keys(path))
		if (Object.hasOwn(members, name))
			throw new ValidationFailed([{ pointer: `/${name}`, detail: "is given by the path already" }]);
	return { ...members, ...path };
}
