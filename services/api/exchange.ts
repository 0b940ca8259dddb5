import type { IncomingMessage, ServerResponse } from "node:http";
import { type Place, traceparentOf } from "../../broker/tracing/span.ts";
import type { OpenSpan, Tracer } from "../../broker/tracing/tracer.ts";
import { traced } from "./tracing.ts";

/** Plain JSON under no origin's trust: what a browser may do with an answer is nothing. */
const BARE_CONTENT = "default-src 'none'; frame-ancestors 'none'";
const ALWAYS = [
	...["X-Content-Type-Options", "nosniff"],
	...["X-Frame-Options", "DENY"],
	...["Referrer-Policy", "no-referrer"],
	...["Strict-Transport-Security", "max-age=31536000; includeSubDomains"],
	...["Cross-Origin-Resource-Policy", "same-origin"]
];
const JSON_TYPE = "application/json; charset=utf-8";

/** One request and its answer: what is known of it from its first line, and the headers gathered on its way. */
export class Exchange {
	readonly req: IncomingMessage;
	readonly res: ServerResponse;
	readonly requestId: string;
	readonly path: string;
	readonly query: string;
	readonly startedAt = performance.now();
	/** Where the client stands in its trace. */
	readonly place: Place;
	/** The route that was found, as metrics name it. */
	label = "none";
	/** Whether what was asked for changes something, so that a lost answer leaves a doubt. */
	writes = false;
	/** The code of the problem that was answered, if one was. */
	problem: string | undefined;
	#span: OpenSpan | undefined;
	/** Name, value, name, value…: the form that is written fastest. */
	readonly #headers: string[];

	constructor(req: IncomingMessage, res: ServerResponse) {
		const url = req.url ?? "/";
		const mark = url.indexOf("?");
		this.req = req;
		this.res = res;
		this.path = mark < 0 ? url : url.slice(0, mark);
		this.query = mark < 0 ? "" : url.slice(mark + 1);
		({ requestId: this.requestId, place: this.place } = traced(req.headers));
		this.#headers = ["X-Request-Id", this.requestId, ...ALWAYS];
	}

	/** What others are told of the trace. */
	get traceparent(): string {
		const { traceId, spanId = traceId.slice(16) } = this.place;
		return this.#span?.traceparent ?? traceparentOf({ traceId, spanId }, false);
	}

	/** Makes a span of the request, which was routed: from here on its trace is recorded. */
	record(tracer: Tracer, service: string): void {
		const deed = {
			kind: "http",
			name: `${this.req.method} ${this.label}`,
			service,
			requestId: this.requestId
		} as const;
		this.#span = tracer.begin(deed, this.place, this.startedAt);
		this.res.once("close", () => this.#span?.end(this.problem));
	}

	/** A request's header that may come once; Node joins what came twice, and then it is no valid value of ours. */
	header(name: string): string | undefined {
		return this.req.headers[name] as string | undefined;
	}

	set(name: string, value: string): void {
		this.#headers.push(name, value);
	}

	/** Writes the head of an answer whose body follows piece by piece. */
	open(status: number, type: string): void {
		this.#writeHead(status, ["Content-Type", type]);
	}

	/** Answers, unless that is done or the client is gone. A HEAD request gets the headers alone. */
	send(status: number, body?: string | Buffer, type = JSON_TYPE, contentPolicy = BARE_CONTENT): void {
		if (this.res.headersSent || this.res.destroyed) return;
		if (body === undefined) this.#writeHead(status, []);
		else
			this.#writeHead(status, [
				...["Content-Type", type],
				...["Content-Length", String(Buffer.byteLength(body))],
				...["Content-Security-Policy", contentPolicy]
			]);
		this.res.end(this.req.method === "HEAD" ? undefined : body);
	}

	#writeHead(status: number, more: string[]): void {
		this.res.writeHead(status, [...this.#headers, ...more]);
	}
}
