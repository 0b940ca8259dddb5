import type { SoukEvent } from "../../broker/event.ts";
import inventory from "../../services/inventory/inventory.service.ts";
import type { CarriedOrder } from "../../services/orders/orders.contract.ts";
import "../../services/orders/orders.contract.ts";
import "../../services/payments/payments.contract.ts";
import "../../services/shipping/shipping.contract.ts";
import { eventually } from "../support/eventually.ts";
import { books, inventoryOf, lapse, stockUp } from "../support/inventory.ts";
import { event, node, type TestNode } from "../support/node.ts";

let shop: TestNode;
beforeEach(async () => {
	shop = await node([inventory]);
	await stockUp(shop, { 101: 10 });
});
afterEach(() => shop.close());

const carried = (orderId: number, quantity = 3): CarriedOrder => ({
	orderId,
	userId: 1,
	items: [{ productId: 101, quantity }],
	total: 100 * quantity,
	currency: "EUR",
	paymentToken: "tok_ok"
});

const created = (order: CarriedOrder, choreographed = true) =>
	event("order.created", `order/${order.orderId}`, {
		orderId: order.orderId,
		userId: 1,
		total: order.total,
		currency: "EUR",
		flow: choreographed ? "choreographed" : "orchestrated",
		items: order.items.map(item => ({ ...item, name: "Product A", unitPrice: 100, total: order.total })),
		...(choreographed && { order })
	});
const shipped = (order: CarriedOrder, choreographed = true) =>
	event("shipment.created", `shipment/${order.orderId}`, {
		shipmentId: order.orderId,
		orderId: order.orderId,
		userId: 1,
		...(choreographed && { order })
	});
const undone = (type: "payment.failed" | "payment.voided", order: CarriedOrder, reason: string, choreographed = true) =>
	event(type, `payment/${order.orderId}`, {
		paymentId: order.orderId,
		orderId: order.orderId,
		userId: 1,
		amount: order.total,
		currency: "EUR",
		reason,
		...(choreographed && { order })
	});

const delivered = () => eventually(async () => expect(await inventoryOf(shop).relay.backlog()).toBe(0));

/** Delivers events in turn and answers with what inventory said to them. */
async function say(...events: SoukEvent[]): Promise<{ type: string; subject: string; data: unknown }[]> {
	await delivered();
	const before = shop.heard.length;
	for (const one of events) await shop.publish(one);
	await delivered();
	expect(await inventoryOf(shop).store.get("SELECT error FROM dead_letters")).toBeUndefined();
	return shop.heard
		.slice(before)
		.filter(({ source }) => source === "/souk/inventory")
		.map(({ type, subject, data }) => ({ type, subject, data }));
}

describe("a choreographed order", () => {
	// checklist: 88
	it("is held when it is created, and carried on", async () => {
		const order = carried(1);
		expect(await say(created(order))).toEqual([
			{
				type: "inventory.reserved",
				subject: "order/1",
				data: { orderId: 1, items: order.items, expiresAt: expect.any(String), order }
			}
		]);
		expect(await books(shop)).toMatchObject({ shelf: { 101: { onHand: 10, reserved: 3 } }, status: { 1: "HELD" } });
	});

	it("that was held for a person is reserved when it is released, once, not before", async () => {
		const order = carried(1);
		const released = event("order.released", "order/1", {
			...{ orderId: 1, userId: 1, total: order.total, currency: "EUR", from: "REVIEW" },
			order
		});
		expect(await say(created(order, false))).toEqual([]);
		expect((await say(released, released)).map(({ type }) => type)).toEqual(["inventory.reserved"]);
		expect(await books(shop)).toMatchObject({ shelf: { 101: { onHand: 10, reserved: 3 } }, status: { 1: "HELD" } });
		const { order: _, ...conducted } = released.data;
		expect(await say(event("order.released", "order/2", { ...conducted, orderId: 2 }))).toEqual([]);
	});

	// checklist: 89
	it("ends where there is not enough, with the reason", async () => {
		const order = carried(1, 11);
		expect(await say(created(order))).toEqual([
			{
				type: "inventory.reservation_failed",
				subject: "order/1",
				data: { orderId: 1, items: order.items, reason: "OUT_OF_STOCK", productId: 101, order }
			}
		]);
		expect(await books(shop)).toMatchObject({ shelf: { 101: { onHand: 10, reserved: 0 } }, status: {} });
	});

	it("that was released before it was heard of ends as well", async () => {
		const order = carried(1);
		await shop.call("inventory.release", { orderId: 1, reason: "EXPIRED" });
		expect(await say(created(order))).toEqual([
			{
				type: "inventory.reservation_failed",
				subject: "order/1",
				data: { orderId: 1, items: order.items, reason: "EXPIRED", order }
			}
		]);
	});

	it("leaves the shelf when its shipment is created", async () => {
		const order = carried(1);
		await say(created(order));
		expect(await say(shipped(order))).toEqual([
			{ type: "inventory.committed", subject: "order/1", data: { orderId: 1, items: order.items, order } }
		]);
		expect((await books(shop)).shelf[101]).toEqual({ onHand: 7, reserved: 0 });
	});

	it("is told when its hold expired and the goods are gone", async () => {
		const order = carried(1);
		await say(created(order));
		await lapse(shop, 1);
		await inventoryOf(shop).expireOverdue();
		await shop.call("inventory.reserve", { orderId: 2, items: [{ productId: 101, quantity: 8 }] });
		expect(await say(shipped(order))).toEqual([
			{
				type: "inventory.commit_failed",
				subject: "order/1",
				data: { orderId: 1, items: order.items, reason: "OUT_OF_STOCK", order }
			}
		]);
		expect((await books(shop)).shelf[101]).toEqual({ onHand: 10, reserved: 8 });
	});

	it.each([
		["nothing was held", "RESERVATION_RELEASED"],
		["it was released", "SHIPPING_FAILED"]
	])("is told when it ships and %s", async (situation, reason) => {
		const order = carried(1);
		if (situation === "it was released") await say(created(order), undone("payment.voided", order, "SHIPPING_FAILED"));
		expect(await say(shipped(order))).toEqual([
			{
				type: "inventory.commit_failed",
				subject: "order/1",
				data: { orderId: 1, items: order.items, reason, order }
			}
		]);
	});

	// checklist: 93
	it.each([
		["payment.failed", "PAYMENT_DECLINED"],
		["payment.voided", "SHIPPING_FAILED"]
	] as const)("gives its stock back on %s, for the same reason", async (type, reason) => {
		const order = carried(1);
		await say(created(order));
		expect(await say(undone(type, order, reason))).toEqual([
			{ type: "inventory.released", subject: "order/1", data: { orderId: 1, items: order.items, reason, order } }
		]);
		expect(await books(shop)).toMatchObject({ shelf: { 101: { onHand: 10, reserved: 0 } }, status: { 1: "RELEASED" } });
	});

	it("gives back what was sold already", async () => {
		const order = carried(1);
		await say(created(order), shipped(order));
		expect(await say(undone("payment.voided", order, "PAYMENT_DECLINED"))).toMatchObject([
			{ type: "inventory.released", data: { items: order.items } }
		]);
		expect((await books(shop)).movements.map(({ kind }) => kind)).toEqual(["COUNTED", "SOLD", "RETURNED"]);
	});

	it.each(["expired", "was released", "never was"])("ends on a failed payment though its hold %s", async situation => {
		const order = carried(1);
		if (situation !== "never was") await say(created(order));
		if (situation === "expired") {
			await lapse(shop, 1);
			await inventoryOf(shop).expireOverdue();
		}
		if (situation === "was released") await shop.call("inventory.release", { orderId: 1, reason: "EXPIRED" });
		expect(await say(undone("payment.failed", order, "PAYMENT_DECLINED"))).toEqual([
			{
				type: "inventory.released",
				subject: "order/1",
				data: { orderId: 1, items: [], reason: "PAYMENT_DECLINED", order }
			}
		]);
		expect((await books(shop)).shelf[101]).toEqual({ onHand: 10, reserved: 0 });
	});

	it("handles an event once, however often it is delivered", async () => {
		const order = carried(1);
		const events = [created(order), shipped(order), undone("payment.voided", order, "PAYMENT_DECLINED")];
		for (const one of events) {
			expect(await say(one)).toHaveLength(1);
			const after = await books(shop);
			expect(await say(one, one, one)).toEqual([]);
			expect(await books(shop)).toEqual(after);
		}
		await Promise.all(events.map(one => shop.publish(one)));
		expect(await say()).toEqual([]);
	});

	it("is not handled again after a restart", async () => {
		const first = created(carried(1));
		await say(first);
		await shop.stop();
		shop = await node([inventory], { dataDir: shop.dataDir });
		expect(await say(first)).toEqual([]);
		expect((await books(shop)).shelf[101]).toEqual({ onHand: 10, reserved: 3 });
	});

	it("is answered again when it is announced anew, without holding or taking twice", async () => {
		const order = carried(1);
		const [[held], [heldAgain]] = [await say(created(order)), await say(created(order))];
		expect(heldAgain).toEqual(held);
		const [[sold], [soldAgain]] = [await say(shipped(order)), await say(shipped(order))];
		expect(soldAgain).toEqual(sold);
		expect((await say(created(order)))[0]).toEqual(held);
		expect((await books(shop)).shelf[101]).toEqual({ onHand: 7, reserved: 0 });
	});
});

describe("an orchestrated order", () => {
	it("is none of the events' business", async () => {
		const order = carried(1);
		const said = await say(
			created(order, false),
			shipped(order, false),
			undone("payment.failed", order, "PAYMENT_DECLINED", false),
			undone("payment.voided", order, "SHIPPING_FAILED", false)
		);
		expect(said).toEqual([]);
		expect((await books(shop)).status).toEqual({});
	});
});

it("sells 10 units to 10 of 30 choreographed orders", async () => {
	await Promise.all(Array.from({ length: 30 }, (_, index) => shop.publish(created(carried(index + 1, 1)))));
	await say();
	expect(shop.of("inventory.reserved")).toHaveLength(10);
	expect(shop.of("inventory.reservation_failed")).toHaveLength(20);
	expect((await books(shop)).shelf[101]).toEqual({ onHand: 10, reserved: 10 });
});
