import type { Exchange } from "./exchange.ts";

const SENT = "Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match, Prefer, Traceparent, X-Request-Id";
const SHOWN = [
	"Deprecation, ETag, Idempotency-Replayed, Link, Location, Preference-Applied, RateLimit, RateLimit-Policy",
	"Retry-After, Sunset, WWW-Authenticate, X-Request-Id"
].join(", ");
const HOUR = "3600";

/** The origins whose pages may use the API: whole and exact, as browsers send them. */
export class Cors {
	readonly #origins: ReadonlySet<string>;

	constructor(origins: string) {
		this.#origins = new Set(
			origins
				.split(",")
				.map(origin => origin.trim())
				.filter(Boolean)
		);
	}

	/** Tells the browser of an allowed origin that its page may read the answer. */
	allow(exchange: Exchange): void {
		if (this.#origins.size === 0) return;
		exchange.set("Vary", "Origin");
		const origin = exchange.header("origin");
		if (origin === undefined || !this.#origins.has(origin)) return;
		exchange.set("Access-Control-Allow-Origin", origin);
		exchange.set("Access-Control-Expose-Headers", SHOWN);
		if (exchange.req.method !== "OPTIONS") return;
		exchange.set("Access-Control-Allow-Methods", "GET, HEAD, POST, PUT, DELETE");
		exchange.set("Access-Control-Allow-Headers", SENT);
		exchange.set("Access-Control-Max-Age", HOUR);
	}
}
