import type { Exchange } from "./exchange.ts";
import { etagOf, isKnown } from "./preconditions.ts";
import type { Endpoint } from "./routes.ts";
import { CURRENT, fadingHeaders } from "./versions.ts";

/** Sends what an action resolved to, in the shape of the version that was asked. */
export function sendResult(exchange: Exchange, endpoint: Endpoint, result: unknown): void {
	const { action, translate, old } = endpoint;
	const status = action.status ?? 200;
	if (status === 204) return exchange.send(204);
	if (action.page) return sendPage(exchange, status, result as string);
	const etag = exchange.query === "" ? etagOf(result) : undefined;
	exchange.set("Cache-Control", etag ? "private, no-cache" : "no-store");
	if (etag) {
		exchange.set("ETag", etag);
		if (!exchange.writes && isKnown(exchange.header("if-none-match"), etag)) return exchange.send(304);
	}
	if (status === 201) locate(exchange, endpoint, result);
	linkNext(exchange, result);
	const shaped = translate ? translate(result) : result;
	exchange.send(status, JSON.stringify(old?.service ? { service: old.service, data: shaped } : (shaped ?? null)));
}

/** What a page may do: be read, look decent, and send its own form back. */
const PAGE_POLICY =
	"default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

function sendPage(exchange: Exchange, status: number, html: string): void {
	exchange.set("Cache-Control", "no-store");
	exchange.send(status, html, "text/html; charset=utf-8", PAGE_POLICY);
}

/** Says that a version is fading, and where its successor answers. */
export function describeVersion(exchange: Exchange, { version }: Endpoint): void {
	const fading = fadingHeaders(version);
	if (fading.length === 0) return;
	for (const [name, value] of fading) exchange.set(name, value);
	const successor = exchange.path.replace(`/api/${version}/`, `/api/${CURRENT}/`);
	exchange.set("Link", `<${successor}>; rel="successor-version"`);
}

function locate(exchange: Exchange, { collection }: Endpoint, result: unknown): void {
	const id = (result as { id?: unknown } | null)?.id;
	if (collection === undefined || (typeof id !== "number" && typeof id !== "string")) return;
	// A collection inside another has the ids of this request's path in it.
	const base = collection.includes(":") ? exchange.path.replace(/\/$/, "") : collection;
	exchange.set("Location", `${base}/${encodeURIComponent(id)}`);
}

function linkNext(exchange: Exchange, result: unknown): void {
	const next = (result as { items?: unknown; next?: unknown } | null)?.next;
	if (next === undefined || !Array.isArray((result as { items?: unknown }).items)) return;
	const query = new URLSearchParams(exchange.query);
	query.set("after", String(next));
	exchange.set("Link", `<${exchange.path}?${query}>; rel="next"`);
}
