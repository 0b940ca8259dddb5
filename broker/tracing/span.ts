import { z } from "zod";

const TraceId = z.string().regex(/^[\da-f]{32}$/);
const SpanId = z.string().regex(/^[\da-f]{16}$/);

/** Something that was done for a request, in one place: when it began, how long it took, and for what it was done. */
export const Span = z
	.strictObject({
		traceId: TraceId,
		spanId: SpanId,
		parentId: SpanId.optional().describe("what it was done for; absent where the trace begins"),
		requestId: z.string().max(255).describe("the request that started it all"),
		kind: z
			.enum(["http", "call", "unit", "event", "step"])
			.describe("a request, an action, a unit of work in the store, an event that was heard, a step of a saga"),
		name: z.string().max(255),
		service: z.string().max(64),
		nodeId: z.string().max(255),
		at: z.iso.datetime().describe("when it began, to the microsecond"),
		ms: z.number().min(0),
		error: z.string().max(64).optional().describe("the code of what it failed with")
	})
	.meta({ id: "Span" });
export type Span = z.output<typeof Span>;

/** What is known of a span when it begins. */
export type Deed = Pick<Span, "kind" | "name" | "service" | "requestId">;

/** Where a trace (W3C trace context) has come: its id, and the span that is current, if there is one. */
export interface Place {
	readonly traceId: string;
	readonly spanId?: string | undefined;
}

/** How a place in a trace is told to others, and whether what they do there is recorded. */
export const traceparentOf = ({ traceId, spanId }: Required<Place>, recorded: boolean): string =>
	`00-${traceId}-${spanId}-0${recorded ? 1 : 0}`;

/** The place that a traceparent names, if what is done there is recorded: the gateway has decided it, and all keep to that. */
export const recordedPlace = (traceparent: string | undefined): Place | undefined =>
	traceparent?.length === 55 && traceparent.endsWith("-01")
		? { traceId: traceparent.slice(3, 35), spanId: traceparent.slice(36, 52) }
		: undefined;
