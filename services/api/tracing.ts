import { randomUUID } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";

const REQUEST_ID = /^[A-Za-z0-9-]{8,64}$/;
const TRACEPARENT = /^00-(?!0{32})[\da-f]{32}-(?!0{16})[\da-f]{16}-[\da-f]{2}$/;

/** What a request is called in logs, events and answers, and the trace (W3C) that it belongs to. */
export interface Traced {
	requestId: string;
	traceparent: string;
}

/** The client's request id and trace context, each where it has the form it should have, else new ones. */
export function traced({ "x-request-id": named, traceparent }: IncomingHttpHeaders): Traced {
	const id = randomUUID();
	return {
		requestId: typeof named === "string" && REQUEST_ID.test(named) ? named : id,
		traceparent: typeof traceparent === "string" && TRACEPARENT.test(traceparent) ? traceparent : newTrace(id)
	};
}

function newTrace(id: string): string {
	const trace = id.replaceAll("-", "");
	return `00-${trace}-${trace.slice(16)}-01`;
}
