import type { Span } from "../../../broker/tracing/span.ts";
import { TraceQuery } from "../../../services/console/console.contract.ts";
import { rootOf, Traces } from "../../../services/console/traces.ts";

/** A span of the trace `of`, that began so many microseconds after the others. */
const span = (of: number, id: number, after = id, more: Partial<Span> = {}): Span => ({
	traceId: String(of).padStart(32, "0"),
	spanId: String(id).padStart(16, "0"),
	requestId: `request-${of}`,
	kind: "call",
	name: `call ${id}`,
	service: "orders",
	nodeId: "here",
	at: `2026-01-01T00:00:00.000${String(after).padStart(3, "0")}Z`,
	ms: 1,
	...more
});
const parent = (id: number): Pick<Span, "parentId"> => ({ parentId: String(id).padStart(16, "0") });
const list = (traces: Traces, query: object = {}) => traces.list(TraceQuery.parse(query));

describe("the traces that are kept", () => {
	// checklist: 117
	it("have their spans as these began, however they came, with what contains something before it", () => {
		const traces = new Traces();
		traces.add([span(1, 3, 5, parent(2)), span(1, 2, 1, { ...parent(1), ms: 2 })]);
		traces.add([span(1, 1, 1, { ms: 7 })]);
		expect(traces.find(span(1, 1).traceId)!.map(({ spanId }) => Number(spanId))).toEqual([1, 2, 3]);
	});

	it("are told in a line each, by the span that all others come from", () => {
		const traces = new Traces();
		traces.add([
			span(1, 2, 4, { ...parent(1), error: "OUT_OF_STOCK" }),
			span(1, 1, 3, { kind: "http", name: "POST /api/v1/orders", ms: 5, ...parent(99) })
		]);
		expect(list(traces)).toEqual([
			{
				...{ traceId: span(1, 1).traceId, requestId: "request-1", name: "POST /api/v1/orders" },
				...{ at: span(1, 1, 3).at, ms: 5, spans: 2, error: "OUT_OF_STOCK" }
			}
		]);
	});

	it("begin with the first of those that are here, where what they come from is not", () => {
		expect(rootOf([span(1, 5, 1, parent(6)), span(1, 6, 2, parent(4)), span(1, 7, 3, parent(4))]).spanId).toBe(
			span(1, 6).spanId
		);
		// Two that name each other were never recorded here; still there is an answer.
		expect(rootOf([span(1, 1, 1, parent(2)), span(1, 2, 2, parent(1))]).spanId).toBe(span(1, 1).spanId);
	});

	it("are the newest, and of each so many spans", () => {
		const traces = new Traces({ traces: 3, spans: 2 });
		for (const trace of [1, 2, 3, 4]) traces.add([1, 2, 3].map(id => span(trace, id)));
		expect(list(traces).map(({ requestId, spans }) => [requestId, spans])).toEqual([
			["request-4", 2],
			["request-3", 2],
			["request-2", 2]
		]);
		expect(traces.find("request-1")).toBeUndefined();
	});

	it("are found by request, the newest of those it has", () => {
		const traces = new Traces();
		traces.add([span(1, 1), span(2, 1, 1, { requestId: "request-1" }), span(3, 1)]);
		expect(traces.find("request-1")![0]!.traceId).toBe(span(2, 1).traceId);
		expect(traces.find("request-9")).toBeUndefined();
	});

	it("are listed by name, failure and duration, so many as are wanted", () => {
		const traces = new Traces();
		traces.add([
			span(1, 1, 1, { name: "POST /api/v1/orders", ms: 30 }),
			span(2, 1, 1, { name: "GET /api/v1/orders/:id", ms: 2, error: "ORDER_NOT_FOUND" }),
			span(3, 1, 1, { name: "GET /api/v1/products", ms: 31 })
		]);
		const found = (query: object) => list(traces, query).map(({ requestId }) => Number(requestId.slice(8)));
		expect(found({})).toEqual([3, 2, 1]);
		expect(found({ limit: "2" })).toEqual([3, 2]);
		expect(found({ name: "ORDERS" })).toEqual([2, 1]);
		expect(found({ failed: "true" })).toEqual([2]);
		expect(found({ failed: "false" })).toEqual([3, 1]);
		expect(found({ slower: "30" })).toEqual([3]);
		expect(found({ name: "orders", slower: "1", failed: "false" })).toEqual([1]);
	});
});
