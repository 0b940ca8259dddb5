import { randomUUID } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import type { Place } from "../../broker/tracing/span.ts";

const REQUEST_ID = /^[A-Za-z0-9-]{8,64}$/;
const TRACEPARENT = /^00-(?!0{32})([\da-f]{32})-(?!0{16})([\da-f]{16})-[\da-f]{2}$/;

/** What a request is called in logs, events and answers, and where it stands in a trace (W3C). */
export interface Traced {
	requestId: string;
	place: Place;
}

/** The client's request id and trace context, each where it has the form it should have, else new ones. */
export function traced({ "x-request-id": named, traceparent }: IncomingHttpHeaders): Traced {
	const id = randomUUID();
	const [, traceId = id.replaceAll("-", ""), spanId] = TRACEPARENT.exec(String(traceparent)) ?? [];
	return {
		requestId: typeof named === "string" && REQUEST_ID.test(named) ? named : id,
		place: { traceId, spanId }
	};
}

/**
 * Chooses the requests whose traces are recorded: all of them while there are few, and so many a second at most. What a
 * client says about it is not asked: its traces are as dear as anybody's.
 */
export class Sampling {
	readonly #perSecond: number;
	#left: number;
	#at = performance.now();

	constructor(perSecond: number) {
		this.#perSecond = perSecond;
		this.#left = perSecond;
	}

	/** Whether the trace of a request that comes now is recorded. */
	take(now = performance.now()): boolean {
		this.#left = Math.min(this.#perSecond, this.#left + ((now - this.#at) / 1_000) * this.#perSecond);
		this.#at = now;
		if (this.#left < 1) return false;
		this.#left--;
		return true;
	}
}
