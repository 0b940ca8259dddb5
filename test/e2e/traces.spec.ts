import { randomBytes, randomUUID } from "node:crypto";
import type { Span } from "../../broker/tracing/span.ts";
import type { TraceSummary } from "../../services/console/console.contract.ts";
import { eventually } from "../support/eventually.ts";
import { order, town, type Town } from "./support.ts";

const ORDER = "http POST /api/v1/orders > call orders.place > unit orders.place";
/** What is done for an order when all goes well, from the request inwards; services stand behind what they heard. */
const wanted = {
	orchestrated: [
		"http POST /api/v1/orders > call orders.place > call products.resolve",
		"http POST /api/v1/orders > call orders.place > call users.contact",
		`${ORDER} > step inventory.reserve > call inventory.reserve > unit inventory.reserve`,
		`${ORDER} > step payments.authorize > call payments.authorize > unit payments.authorize/intent`,
		`${ORDER} > step shipping.create > call shipping.create > unit shipping.create`,
		`${ORDER} > step inventory.commit > call inventory.commit > unit inventory.commit`,
		`${ORDER} > step payments.capture > call payments.capture > unit payments.capture/answer`,
		...["inventory", "audit"].map(service => `${ORDER} > event order.created (${service})`),
		...["shipping", "notifications", "tasks", "audit"].map(
			service => `${ORDER} > unit saga/place-order:end > event order.confirmed (${service})`
		)
	],
	choreographed: [
		[
			...[ORDER, "event order.created (inventory)", "unit inventory<order.created"],
			...["event inventory.reserved (payments)", "unit payments<inventory.reserved"],
			...["event payment.authorized (shipping)", "unit shipping<payment.authorized"],
			...["event shipment.created (inventory)", "unit inventory<shipment.created"],
			...["event inventory.committed (payments)", "unit payments<inventory.committed"],
			...["event payment.captured (orders)", "unit orders<payment.captured"],
			"event order.confirmed (notifications)"
		].join(" > ")
	]
};

let it_: Town;
beforeAll(async () => {
	it_ = await town();
});
afterAll(() => it_.souk.close());

/** From the span in which the trace begins to this one. Fails where one between them is missing. */
function wayTo(span: Span, spans: readonly Span[], from: string): string {
	const { kind, name, service, parentId } = span;
	const own = `${kind} ${name}${kind === "event" ? ` (${service})` : ""}`;
	if (parentId === from) return own;
	const parent = spans.find(({ spanId }) => spanId === parentId);
	if (!parent) throw new Error(`What ${own} was done for is missing`);
	return `${wayTo(parent, spans, from)} > ${own}`;
}

// checklist: 114, 115, 116, 117, 155, 229
it.each(["orchestrated", "choreographed"] as const)(
	"an order is one tree, from the request to the last who hears of it, %s",
	async flow => {
		const [requestId, traceId, client] = [
			randomUUID(),
			randomBytes(16).toString("hex"),
			randomBytes(8).toString("hex")
		];
		const headers = { "x-request-id": requestId, traceparent: `00-${traceId}-${client}-01` };
		const placed = await it_.client.ask("/orders", {
			method: "POST",
			token: it_.alice,
			key: requestId,
			headers,
			body: { items: [{ productId: 101, quantity: 1 }], payment: { token: "tok_ok" }, flow }
		});
		expect([placed.status, placed.headers.get("x-request-id")]).toEqual([201, requestId]);
		const trace = await eventually(
			async () => {
				const { status, body } = await it_.client.ask<{ traceId: string; requestId: string; spans: Span[] }>(
					`/admin/traces/${requestId}`,
					{ token: it_.admin }
				);
				expect(status).toBe(200);
				const ways = body.spans.map(span => wayTo(span, body.spans, client));
				expect(wanted[flow].filter(way => !ways.includes(way))).toEqual([]);
				return body;
			},
			{ within: 60_000, every: 500 }
		);
		const { spans } = trace;
		expect([trace.traceId, trace.requestId]).toEqual([traceId, requestId]);
		for (const span of spans)
			expect([span.name, span.traceId, span.requestId]).toEqual([span.name, traceId, requestId]);
		expect(spans.filter(({ parentId }) => parentId === client).map(({ kind }) => kind)).toEqual(["http"]);
		// As they began; and what waits for something takes no less time than that.
		expect(spans.map(({ at }) => at)).toEqual(spans.map(({ at }) => at).sort());
		const of = (kind: string, name: string) => spans.find(span => span.kind === kind && span.name === name)!;
		const [http, call, unit] = [
			of("http", "POST /api/v1/orders"),
			of("call", "orders.place"),
			of("unit", "orders.place")
		];
		expect(http.ms).toBeGreaterThanOrEqual(call.ms);
		expect(call.ms).toBeGreaterThanOrEqual(unit.ms);
		expect(call.nodeId).toBe(unit.nodeId);
		// In one process all is done by one, in many by many.
		expect(new Set(spans.map(({ nodeId }) => nodeId)).size > 1).toBe(it_.souk.layout !== "A");
	}
);

it("an order that is refused on its way is found among those that failed, with the step that was", async () => {
	await order(it_, { payment: { token: "tok_declined" }, flow: "orchestrated" });
	await eventually(
		async () => {
			const { body } = await it_.client.ask<{ items: TraceSummary[] }>("/admin/traces?failed=true&name=orders", {
				token: it_.admin
			});
			const found = body.items.find(({ error }) => error === "PAYMENT_DECLINED");
			expect(found).toMatchObject({ name: "POST /api/v1/orders" });
			const { spans } = (
				await it_.client.ask<{ spans: Span[] }>(`/admin/traces/${found!.traceId}`, { token: it_.admin })
			).body;
			expect(spans.find(({ kind, error }) => kind === "step" && error)).toMatchObject({
				...{ name: "payments.authorize", service: "orders", error: "PAYMENT_DECLINED" }
			});
			expect(spans).toContainEqual(expect.objectContaining({ kind: "step", name: "inventory.release" }));
		},
		{ within: 60_000, every: 500 }
	);
});
