import type { SoukEvent } from "../../../broker/event.ts";
import { factOf } from "../../../services/audit/fact.ts";

const heard = (data: unknown, more: Partial<SoukEvent> = {}) =>
	factOf({
		specversion: "1.0",
		id: "0190",
		source: "/souk/orders",
		type: "order.created",
		subject: "order/1",
		time: "2026-01-02T03:04:05.678Z",
		correlationid: "request-1",
		...more,
		data: data as never
	});

describe("what the log keeps of an event", () => {
	it("is all that came with it", () => {
		expect(heard({ orderId: 1 }, { sequence: 3, causationid: "018f", traceparent: "00-1-2-01" })).toEqual({
			eventId: "0190",
			at: "2026-01-02T03:04:05.678Z",
			type: "order.created",
			subject: "order/1",
			source: "/souk/orders",
			version: 3,
			correlationId: "request-1",
			causationId: "018f",
			traceparent: "00-1-2-01",
			data: '{"orderId":1}'
		});
	});

	it("says what was not there with null", () => {
		expect(heard({})).toMatchObject({ version: null, causationId: null, traceparent: null });
	});

	it("withholds what pays or signs in, however deep it lies", () => {
		const { data } = heard({
			order: { paymentToken: "tok_ok", lines: [{ token: "t", quantity: 2 }] },
			user: { password: "p", name: "Alice" }
		});
		expect(JSON.parse(data)).toEqual({
			order: { paymentToken: "(withheld)", lines: [{ token: "(withheld)", quantity: 2 }] },
			user: { password: "(withheld)", name: "Alice" }
		});
		expect(data).not.toMatch(/tok_ok/);
	});

	it("names nobody: it never has to be changed when somebody is erased", () => {
		const { data } = heard({
			order: { userId: 7, shippingAddress: { name: "Alice", city: "Lyon" }, items: [{ name: "Product A" }] }
		});
		expect(JSON.parse(data)).toEqual({
			order: { userId: 7, shippingAddress: "(withheld)", items: [{ name: "Product A" }] }
		});
		const user = heard({ userId: 7, name: "Alice", email: "alice@souk.test", roles: [] }, { type: "user.created" });
		expect(JSON.parse(user.data)).toEqual({ userId: 7, name: "(withheld)", email: "(withheld)", roles: [] });
	});

	it("has no word of what people wrote of a task", () => {
		const task = { id: 1, title: "Call Rae", description: "At home", checklist: [{ text: "Ring" }], labels: ["big"] };
		const { data } = heard({ taskId: 1, task }, { type: "task.created" });
		expect(JSON.parse(data)).toEqual({
			taskId: 1,
			task: { id: 1, title: "(withheld)", description: "(withheld)", checklist: "(withheld)", labels: ["big"] }
		});
		expect(heard({ description: "Brass" }, { type: "product.created" }).data).toContain("Brass");
	});
});
