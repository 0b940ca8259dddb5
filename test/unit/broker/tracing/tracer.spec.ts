import { Refusal } from "../../../../broker/errors.ts";
import { Span, type Deed } from "../../../../broker/tracing/span.ts";
import { Tracer } from "../../../../broker/tracing/tracer.ts";

const TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";
const CALLER = "00f067aa0ba902b7";
const RECORDED = `00-${TRACE}-${CALLER}-01`;
const deed: Deed = { kind: "call", name: "orders.place", service: "orders", requestId: "request-1" };

let taken: Span[][];
let away: boolean;
let tracer: Tracer;
beforeEach(() => {
	taken = [];
	away = false;
	const outlet = (spans: readonly Span[]) => {
		if (away) return Promise.reject(new Error("nobody is there"));
		taken.push([...spans]);
		return Promise.resolve();
	};
	tracer = new Tracer("node-1", new Map([["console", outlet]]));
});
afterEach(() => tracer.stop());

const dropped = (at: string) =>
	Number(new RegExp(`souk_spans_dropped_total\\{at="${at}"\\} (\\d+)`).exec(tracer.text())![1]);

describe("a span", () => {
	// checklist: 115
	it("is within that of its caller, and what it asks for is within it", async () => {
		await tracer.span(deed, RECORDED, outer =>
			tracer.span({ ...deed, name: "users.get" }, outer, () => Promise.resolve())
		);
		await tracer.flush();
		const [inner, outer] = taken.flat();
		expect(outer).toMatchObject({ ...deed, traceId: TRACE, parentId: CALLER, nodeId: "node-1" });
		expect(inner).toMatchObject({ name: "users.get", traceId: TRACE, parentId: outer!.spanId });
		expect(inner!.at >= outer!.at).toBe(true);
		expect(inner!.ms).toBeLessThanOrEqual(outer!.ms);
		for (const span of [inner, outer]) expect(Span.parse(span)).toEqual(span);
	});

	it("answers what its work does, and tells the code of what that fails with", async () => {
		expect(await tracer.span(deed, RECORDED, () => Promise.resolve(5))).toBe(5);
		const refused = () => Promise.reject(new Refusal("no", 409, "SOLD_OUT"));
		await expect(tracer.span(deed, RECORDED, refused)).rejects.toThrow("no");
		await expect(tracer.span(deed, RECORDED, () => Promise.reject(new TypeError("oh")))).rejects.toThrow("oh");
		await tracer.flush();
		expect(taken.flat().map(({ error }) => error)).toEqual([undefined, "SOLD_OUT", "INTERNAL_ERROR"]);
	});

	it.each([undefined, RECORDED.replace(/1$/, "0"), "00-a-b-01", `${RECORDED}-more`])(
		"is not made of what is done for %j: nothing changes",
		async traceparent => {
			expect(await tracer.span(deed, traceparent, told => Promise.resolve(told))).toBe(traceparent);
			await tracer.flush();
			expect(taken).toEqual([]);
		}
	);
});

describe("spans on their way out", () => {
	const record = async (count: number, from = 0) => {
		for (let n = 0; n < count; n++)
			await tracer.span({ ...deed, name: String(from + n) }, RECORDED, () => Promise.resolve());
	};

	it("leave in batches, in their order, and when the process stops", async () => {
		await record(1_300);
		await tracer.stop();
		expect(taken.map(({ length }) => length)).toEqual([512, 512, 276]);
		expect(taken.flat().map(({ name }) => Number(name))).toEqual(Array.from({ length: 1_300 }, (_, n) => n));
		await tracer.stop();
		expect(taken).toHaveLength(3);
	});

	it("are dropped and counted where nobody takes them, and are not sent again", async () => {
		away = true;
		await record(3);
		await tracer.flush();
		away = false;
		await record(1, 3);
		await tracer.flush();
		expect(taken.flat().map(({ name }) => name)).toEqual(["3"]);
		expect([dropped("console"), dropped("buffer")]).toEqual([3, 0]);
	});

	it("make room for newer ones when they are too many", async () => {
		await record(4_100);
		await tracer.flush();
		expect(taken.flat()).toHaveLength(4_096);
		expect(taken[0]![0]!.name).toBe("4");
		expect(dropped("buffer")).toBe(4);
	});

	it("keep no process that wants to stop", async () => {
		const slow = new Tracer("node-1", new Map([["console", () => new Promise(() => undefined)]]));
		await slow.span(deed, RECORDED, () => Promise.resolve());
		await slow.stop();
	});
});
