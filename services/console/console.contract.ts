import { z } from "zod";
import { contract, type ActionsOf } from "../../broker/contract.ts";
import { Line } from "../../broker/schemas.ts";
import { Span } from "../../broker/tracing/span.ts";
import { TraceNotFound } from "./console.errors.ts";

const admin = { roles: ["admin"] } as const;

/** A trace in a line: what began it, how long that took, and how much was done for it. */
export const TraceSummary = z
	.strictObject({
		traceId: Span.shape.traceId,
		requestId: z.string(),
		name: z.string(),
		at: z.string(),
		ms: z.number().describe("how long the first of its spans took; what that set going may take longer"),
		spans: z.int(),
		error: z.string().optional().describe("the code of the first thing that failed")
	})
	.meta({ id: "TraceSummary" });
export type TraceSummary = z.output<typeof TraceSummary>;

export const TraceQuery = z.strictObject({
	limit: z.coerce.number<number | string>().int().min(1).max(100).default(50),
	name: Line().optional().describe("a part of the name: orders"),
	failed: z.stringbool().optional().describe("true: those in which something failed; false: the others"),
	slower: z.coerce.number<number | string>().min(0).optional().describe("than so many milliseconds")
});
export type TraceQuery = z.output<typeof TraceQuery>;

export const console = contract("console", {
	collect: {
		summary: "Takes what a process recorded",
		params: z.strictObject({ spans: z.array(Span).max(1_000) }),
		result: z.null(),
		access: "internal"
	},
	traces: {
		summary: "The traces that were recorded last, the newest first",
		params: TraceQuery,
		result: z.strictObject({ items: z.array(TraceSummary) }),
		rest: "GET /admin/traces",
		access: admin,
		untraced: true
	},
	trace: {
		summary: "All that was done for a request, by its id or that of its trace, as it began",
		params: z.strictObject({ id: z.string().regex(/^[A-Za-z0-9-]{8,64}$/, "is the id of a trace or of a request") }),
		result: z.strictObject({ traceId: Span.shape.traceId, requestId: z.string(), spans: z.array(Span) }),
		rest: "GET /admin/traces/:id",
		access: admin,
		untraced: true,
		refuses: [TraceNotFound]
	}
});

declare module "../../broker/contract.ts" {
	interface Actions extends ActionsOf<typeof console> {}
}
