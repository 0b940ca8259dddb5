import type { SoukEvent } from "../../broker/event.ts";
import type { InboxService } from "../../mixins/inbox.mixin.ts";
import type { CarriedOrder } from "../../services/orders/orders.contract.ts";
import type { Shipment } from "../../services/shipping/shipping.contract.ts";
import shippingService from "../../services/shipping/shipping.service.ts";
import { eventually } from "../support/eventually.ts";
import { event, node, type TestNode } from "../support/node.ts";

let here: TestNode;
beforeEach(async () => {
	here = await node([shippingService]);
});
afterEach(() => here.close());

const address = { name: "Alice", street: "Road 1", city: "Town", postalCode: "1", country: "DE" };
const nowhere = { ...address, country: "ZZ" };
const create = () => here.call("shipping.create", { orderId: 12, userId: 1, address });
const cancel = () => here.call("shipping.cancel", { orderId: 12, reason: "CUSTOMER" });
const dispatch = () => here.call("shipping.dispatch", { id: 1 });
const get = () => here.call("shipping.get", { id: 1 });

const money = { orderId: 12, userId: 1, total: 2500, currency: "EUR" };
const confirmed = () => event("order.confirmed", "order/12", { ...money, items: [] });
const cancelled = () => event("order.cancelled", "order/12", { ...money, reason: "EXPIRED" });
const items = [{ productId: 101, quantity: 2 }];
const carried = (to?: Shipment["address"]): CarriedOrder => ({
	...money,
	items,
	paymentToken: "tok_ok",
	shippingAddress: to
});
const payment = { paymentId: 4, orderId: 12, userId: 1, amount: 2500, currency: "EUR" };
const authorized = (order?: CarriedOrder) => event("payment.authorized", "order/12", { ...payment, order });
const captureFailed = (order?: CarriedOrder) =>
	event("payment.capture_failed", "order/12", { ...payment, order, reason: "PAYMENT_DECLINED" });
const commitFailed = (order?: CarriedOrder) =>
	event("inventory.commit_failed", "order/12", { orderId: 12, items, order, reason: "OUT_OF_STOCK" });

async function publish(...events: SoukEvent[]): Promise<void> {
	for (const one of events) await here.publish(one);
}
/** What shipping said, with the reason and whether it carries the order; all of it is delivered. */
async function said(): Promise<string[]> {
	const service = here.broker.getLocalService("shipping") as unknown as InboxService;
	await eventually(async () => expect(await service.relay.backlog()).toBe(0));
	expect(await service.store.all("SELECT * FROM dead_letters")).toEqual([]);
	return here.heard
		.filter(({ type }) => type.startsWith("shipment."))
		.map(({ type, subject, data }) => {
			expect(subject).toBe(`order/${(data as { orderId: number }).orderId}`);
			const { order, reason } = data as { order?: CarriedOrder; reason?: string };
			return [type, reason, order ? "in the chain" : "alone"].filter(Boolean).join(" ");
		});
}

describe("a choreographed order", () => {
	it("is booked when its money is set aside, once", async () => {
		const first = authorized(carried(address));
		await publish(first, first);
		await Promise.all([here.publish(first), here.publish(first)]);
		expect(await said()).toEqual(["shipment.created in the chain"]);
		expect(here.of("shipment.created")[0]!.data.order).toEqual({ ...carried(address), shipmentId: 1 });
		expect(await get()).toMatchObject({ orderId: 12, address });
	});

	it("needs no address", async () => {
		await publish(authorized(carried()));
		expect(await said()).toEqual(["shipment.created in the chain"]);
	});

	it("is told when no carrier goes there", async () => {
		await publish(authorized(carried(nowhere)));
		expect(await said()).toEqual(["shipment.failed SHIPPING_FAILED in the chain"]);
	});

	it.each([
		["its goods are gone", commitFailed, "OUT_OF_STOCK"],
		["its money cannot be taken", captureFailed, "PAYMENT_DECLINED"]
	])("is cancelled when %s, once, with the reason", async (_, lost, reason) => {
		const second = lost(carried(address));
		await publish(authorized(carried(address)), second, second);
		expect(await said()).toEqual(["shipment.created in the chain", `shipment.cancelled ${reason} in the chain`]);
		expect(here.of("shipment.cancelled")[0]!.data).toMatchObject({ shipmentId: 1, userId: 1, order: carried(address) });
		expect(await get()).toMatchObject({ status: "CANCELLED" });
	});

	it("that is lost before it was booked is answered, and a late booking fails", async () => {
		await publish(captureFailed(carried(address)), authorized(carried(address)));
		expect(await said()).toEqual([
			"shipment.cancelled PAYMENT_DECLINED in the chain",
			"shipment.failed SHIPMENT_CANCELLED in the chain"
		]);
	});

	it("is answered also where a call had decided before", async () => {
		await create();
		await publish(authorized(carried(address)));
		await cancel();
		await publish(commitFailed(carried(address)));
		expect(await said()).toEqual([
			"shipment.created alone",
			"shipment.created in the chain",
			"shipment.cancelled CUSTOMER alone",
			"shipment.cancelled OUT_OF_STOCK in the chain"
		]);
	});

	it("cannot be called back once its parcel has left", async () => {
		await publish(authorized(carried(address)), confirmed());
		await dispatch();
		await publish(commitFailed(carried(address)));
		expect(await get()).toMatchObject({ status: "DISPATCHED" });
		expect(here.of("shipment.cancelled")).toEqual([]);
	});
});

describe("an order that was cancelled", () => {
	it("is not sent: what was booked is cancelled, once", async () => {
		await create();
		const news = cancelled();
		await publish(news, news);
		expect(await get()).toMatchObject({ status: "CANCELLED" });
		expect(await said()).toEqual(["shipment.created alone", "shipment.cancelled EXPIRED alone"]);
	});

	it("is not booked any more", async () => {
		await publish(cancelled());
		await expect(create()).rejects.toMatchObject({ type: "SHIPMENT_CANCELLED" });
		expect(await said()).toEqual([]);
	});

	it("does not call back a parcel that has left", async () => {
		await create();
		await publish(confirmed());
		await dispatch();
		await publish(cancelled());
		expect(await get()).toMatchObject({ status: "DISPATCHED" });
	});
});

it("events of an orchestrated order are no business of the chain", async () => {
	await publish(authorized(), commitFailed(), captureFailed());
	expect(await said()).toEqual([]);
	await expect(get()).rejects.toMatchObject({ type: "SHIPMENT_NOT_FOUND" });
});
