import fc from "fast-check";
import {
	inBrief,
	lengthOf,
	rowsOf,
	type Happened,
	type Row,
	type Span,
	type Step
} from "../../../services/console/web/flow.js";

const TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";
const at = (ms: number) => new Date(Date.UTC(2026, 0, 1) + ms).toISOString();
let seq = 0;
const happened = (type: string, ms: number, more: Partial<Happened> = {}): Happened => ({
	seq: ++seq,
	eventId: `${type}@${ms}`,
	at: at(ms),
	type,
	subject: "order/1",
	source: `/souk/${{ order: "orders", payment: "payments", shipment: "shipping", notification: "notifications" }[type.split(".")[0]!] ?? "inventory"}`,
	correlationId: "request-1",
	...more
});
const span = (
	spanId: string,
	parentId: string | undefined,
	kind: Span["kind"],
	name: string,
	ms: number,
	took: number
) => ({ spanId, parentId, kind, name, service: name.split(".")[0]!, at: at(ms), ms: took }) as Span;
const step = (name: string, ms: number, more: Partial<Step> = {}): Step => ({
	step: name,
	direction: "forward",
	status: "DONE",
	at: at(ms),
	...more
});
/** A flow as one would draw it. */
const drawn = (rows: Row[]) => rows.map(({ depth, name }) => `${"  ".repeat(depth)}${name}`);

describe("a flow told by its events", () => {
	it("has each event beneath the one that caused it, whatever order they were heard in", () => {
		const created = happened("order.created", 0, { causationId: "a call" });
		const reserved = happened("inventory.reserved", 7, { causationId: created.eventId });
		const authorized = happened("payment.authorized", 12, { causationId: reserved.eventId });
		const told = happened("notification.sent", 30, { causationId: created.eventId });
		const rows = rowsOf({ requestId: "request-1", events: [told, authorized, created, reserved] });
		expect(drawn(rows)).toEqual([
			"request request-1",
			"  order.created",
			"    inventory.reserved",
			"      payment.authorized",
			"    notification.sent"
		]);
		expect(rows.map(({ offset }) => offset)).toEqual([0, 0, 7, 12, 30]);
		expect(rows.every(({ ms }) => ms === undefined)).toBe(true);
		expect(lengthOf(rows)).toBe(30);
	});

	it("has a saga's events beneath its steps, and beneath the saga what ended it", () => {
		const confirmed = happened("order.confirmed", 52);
		const events = [
			happened("order.created", 0, { causationId: "a call" }),
			happened("inventory.reserved", 10, { causationId: "another" }),
			happened("payment.authorized", 20, { causationId: "another" }),
			happened("inventory.committed", 30, { causationId: "another" }),
			confirmed,
			happened("notification.sent", 60, { causationId: confirmed.eventId })
		];
		const steps = [
			step("inventory.reserve", 11),
			step("payments.authorize", 21),
			step("inventory.commit", 31),
			step("place-order", 50)
		];
		expect(drawn(rowsOf({ requestId: "r", events, steps }))).toEqual([
			"request r",
			"  order.created",
			"    place-order",
			"      inventory.reserve",
			"        inventory.reserved",
			"      payments.authorize",
			"        payment.authorized",
			"      inventory.commit",
			"        inventory.committed",
			"      order.confirmed",
			"        notification.sent"
		]);
	});

	it("says what was refused and why, and what was taken back because of it", () => {
		const events = [
			happened("order.created", 0),
			happened("inventory.reserved", 10),
			happened("payment.failed", 20, { data: { reason: "PAYMENT_DECLINED" } }),
			happened("inventory.released", 30),
			happened("order.cancelled", 40, { data: { reason: "PAYMENT_DECLINED" } })
		];
		const steps = [
			step("inventory.reserve", 11),
			step("payments.authorize", 21, { status: "REFUSED", detail: "PAYMENT_DECLINED" }),
			step("payments.void", 25, { direction: "back" }),
			step("inventory.release", 31, { direction: "back" }),
			step("place-order", 39, { direction: "back", status: "COMPENSATED" })
		];
		const rows = rowsOf({ requestId: "r", events, steps });
		expect(rows.filter(({ error }) => error).map(({ name, error }) => [name, error])).toEqual([
			["payments.authorize", "PAYMENT_DECLINED"],
			["payment.failed", "PAYMENT_DECLINED"]
		]);
		expect(rows.filter(({ undoes }) => undoes).map(({ name }) => name)).toEqual([
			"payments.void",
			"inventory.release",
			"inventory.released"
		]);
		expect(rows.find(({ name }) => name === "place-order")).toMatchObject({ kind: "saga", detail: "COMPENSATED" });
		expect(rows.find(({ name }) => name === "order.cancelled")).toMatchObject({ detail: "PAYMENT_DECLINED" });
	});

	it("leaves out chains of events, which are no saga", () => {
		const events = [
			happened("order.cancel_requested", 100, { causationId: "a call" }),
			happened("payment.refunded", 110)
		];
		const steps = [
			step("inventory.reserved", 60, { status: "HEARD" }),
			step("payments.refund", 111),
			step("cancel-order", 120)
		];
		expect(drawn(rowsOf({ requestId: "r", events, steps }))).toEqual([
			"request r",
			"  order.cancel_requested",
			"    cancel-order",
			"      payments.refund",
			"        payment.refunded"
		]);
	});

	it("shows a saga that is under way", () => {
		const events = [happened("order.created", 0), happened("inventory.reserved", 10)];
		const steps = [
			step("inventory.reserve", 11),
			step("payments.authorize", 30, { status: "FAILED", detail: "TIMEOUT" })
		];
		const rows = rowsOf({ requestId: "r", events, steps });
		expect(rows.find(({ kind }) => kind === "saga")).toMatchObject({ detail: "under way" });
		expect(rows.at(-1)).toMatchObject({ name: "payments.authorize", error: "TIMEOUT" });
	});
});

// checklist: 117
describe("a flow told by its spans", () => {
	const committed = (spanId: string) => `00-${TRACE}-${spanId}-01`;
	const spans = [
		span("e1", "u1", "event", "order.created", 30, 20),
		span("h1", "from-elsewhere", "http", "POST /api/v2/orders", 0, 25.5),
		span("c1", "h1", "call", "orders.place", 2, 20.2),
		span("u1", "c1", "unit", "orders.place", 15, 5),
		span("u2", "e1", "unit", "notifications<order.created", 32, 10)
	];

	it("has each beneath its parent, events between the unit they were committed with and those who handle them", () => {
		const events = [
			happened("order.created", 17, { causationId: "a call", traceparent: committed("u1") }),
			happened("notification.sent", 40, { causationId: "order.created@17", traceparent: committed("u2") })
		];
		const rows = rowsOf({ requestId: "r", events, spans });
		expect(drawn(rows)).toEqual([
			"POST /api/v2/orders",
			"  orders.place",
			"    orders.place",
			"      order.created",
			"        order.created",
			"          notifications<order.created",
			"            notification.sent"
		]);
		expect(rows.map(({ kind, offset, ms }) => [kind, offset, ms])).toEqual([
			["http", 0, 25.5],
			["call", 2, 20.2],
			["unit", 15, 5],
			["happened", 17, undefined],
			["event", 30, 20],
			["unit", 32, 10],
			["happened", 40, undefined]
		]);
		expect(lengthOf(rows)).toBe(50);
	});

	it("shows steps once, as they were measured, and knows which of them take back", () => {
		const steps = [
			step("payments.authorize", 60, { status: "REFUSED", detail: "PAYMENT_DECLINED" }),
			step("inventory.release", 70, { direction: "back" }),
			step("place-order", 71, { direction: "back", status: "COMPENSATED" })
		];
		const taken = [
			{ ...span("s1", "u1", "step", "payments.authorize", 50, 9), error: "PAYMENT_DECLINED" },
			span("s2", "u1", "step", "inventory.release", 62, 7)
		];
		const rows = rowsOf({ requestId: "r", events: [], spans: [...spans, ...taken], steps });
		expect(rows.filter(({ kind }) => kind === "step" || kind === "saga")).toMatchObject([
			{ name: "payments.authorize", depth: 3, error: "PAYMENT_DECLINED" },
			{ name: "inventory.release", depth: 3, undoes: true }
		]);
	});

	it("draws nothing before what led to it, though the clocks of services differ", () => {
		const early = happened("order.created", -3, { traceparent: committed("u1") });
		const rows = rowsOf({ requestId: "r", events: [early], spans });
		expect(rows.map(({ name, offset }) => [name, offset]).slice(0, 5)).toEqual([
			["POST /api/v2/orders", 0],
			["orders.place", 2],
			["orders.place", 15],
			["order.created", 15],
			["order.created", 30]
		]);
	});

	it("can be told in brief: steps and events, and what failed", () => {
		const events = [
			happened("order.created", 17, { traceparent: committed("u1") }),
			happened("notification.sent", 40, { traceparent: committed("u2") })
		];
		const failed = { ...span("c2", "e1", "call", "users.recipient", 33, 2), error: "TIMEOUT" };
		const more = [
			failed,
			span("s1", "u1", "step", "inventory.reserve", 18, 3),
			span("c3", "s1", "call", "inventory.reserve", 19, 1)
		];
		expect(drawn(inBrief(rowsOf({ requestId: "r", events, spans: [...spans, ...more] })))).toEqual([
			"POST /api/v2/orders",
			"  order.created",
			"    notification.sent",
			"    users.recipient",
			"  inventory.reserve"
		]);
	});

	it("loses nothing whose parent was lost", () => {
		const rows = rowsOf({ requestId: "r", events: [happened("order.created", 5)], spans: spans.slice(2) });
		expect(drawn(rows)).toEqual([
			"request r",
			"  orders.place",
			"    orders.place",
			"  order.created",
			"  notifications<order.created"
		]);
	});
});

describe("whatever is said of causes", () => {
	const any = fc.array(
		fc.record({
			type: fc.constantFrom("order.created", "payment.failed", "nonsense", ""),
			ms: fc.integer({ min: 0, max: 9 }),
			causationId: fc.option(fc.integer({ min: 0, max: 12 }).map(String), { nil: undefined }),
			traceparent: fc.constantFrom(undefined, "", "00-x-1-01", "00-x-2-01")
		}),
		{ maxLength: 10 }
	);
	const anySpans = fc.uniqueArray(
		fc.record({
			spanId: fc.integer({ min: 0, max: 5 }).map(String),
			parentId: fc.option(fc.integer({ min: 0, max: 6 }).map(String), { nil: undefined }),
			kind: fc.constantFrom<Span["kind"][]>("http", "call", "unit", "event", "step"),
			name: fc.constantFrom("order.created", "inventory.release"),
			ms: fc.integer({ min: 0, max: 9 })
		}),
		{ selector: ({ spanId }) => spanId }
	);

	it("everything is shown once, and never before what it stands beneath", () => {
		fc.assert(
			fc.property(any, anySpans, (said, made) => {
				const events = said.map(({ type, ms, ...more }, index) =>
					happened(type, ms, { ...more, eventId: String(index) })
				);
				const spans = made.map(({ spanId, parentId, kind, name, ms }) => span(spanId, parentId, kind, name, ms, 1));
				const rows = rowsOf({ requestId: "r", events, spans, steps: [step("inventory.reserve", 3), step("saga", 4)] });
				const keys = rows.map(({ key }) => key);
				expect(new Set(keys).size).toBe(keys.length);
				for (const { eventId } of events) expect(keys).toContain(`event ${eventId}`);
				for (const { spanId } of spans) expect(keys).toContain(`span ${spanId}`);
				rows.forEach(({ depth, offset }, index) => {
					expect(depth).toBeLessThanOrEqual((rows[index - 1]?.depth ?? -1) + 1);
					expect(offset).toBeGreaterThanOrEqual(0);
				});
			})
		);
	});
});
