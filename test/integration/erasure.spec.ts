import type { CarriedOrder } from "../../services/orders/orders.contract.ts";
import shipping from "../../services/shipping/shipping.service.ts";
import type { InboxService } from "../../mixins/inbox.mixin.ts";
import { eventually } from "../support/eventually.ts";
import { as, event, node, type TestNode } from "../support/node.ts";
import { ALICE, BOB, hanging, Neighbours, shop } from "../support/orders.mother.ts";
import { shop as payments } from "../unit/payments/support.ts";

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
	for (const one of open.splice(0)) await one.close();
});

const STREET = "Secret Road 1";
const address = { name: "Alice", street: STREET, city: "Town", postalCode: "1", country: "DE" };
const deleted = (userId = ALICE) =>
	event("user.deleted", `user/${userId}`, { userId, name: "Alice", email: "alice@souk.test", roles: ["customer"] });

/** How many rows of a service's own tables know the address. What is on its way, and clients' keys, are kept for days only. */
async function knowing(at: TestNode, service: string, ...tables: string[]): Promise<number> {
	const { store } = at.broker.getLocalService(service) as unknown as InboxService;
	const rows = await Promise.all(tables.map(table => store.all(`SELECT * FROM ${table}`)));
	return rows.flat().filter(row => JSON.stringify(row).includes(STREET)).length;
}

describe("a user who removes the account", () => {
	it("leaves parcels that went nowhere in particular, once they have arrived", async () => {
		const here = await node([shipping]);
		open.push(here);
		const staff = as(here, { userId: 3, roles: ["staff"] });
		const send = async (orderId: number, userId: number, ...steps: ("dispatch" | "deliver")[]) => {
			const { id } = await here.call("shipping.create", { orderId, userId, address });
			await here.publish(
				event("order.confirmed", `order/${orderId}`, { orderId, userId, total: 1, currency: "EUR", items: [] })
			);
			for (const step of steps) await staff(`shipping.${step}`, { id });
			return id;
		};
		await send(1, ALICE, "dispatch", "deliver");
		const moving = await send(2, ALICE, "dispatch");
		const booked = await send(3, ALICE);
		await send(4, BOB, "dispatch", "deliver");
		await here.publish(deleted());
		expect(await knowing(here, "shipping", "shipments")).toBe(3);
		await staff("shipping.deliver", { id: moving });
		await here.call("shipping.cancel", { orderId: 3, reason: "CUSTOMER" });
		expect((await staff("shipping.get", { id: moving })).address).toBeUndefined();
		expect(await staff("shipping.get", { id: booked })).toMatchObject({ status: "CANCELLED", userId: ALICE });
		expect(await knowing(here, "shipping", "shipments")).toBe(1);
	});

	it("leaves orders that say what was bought, and not where it went", async () => {
		const neighbours = new Neighbours();
		const here = await shop(neighbours);
		open.push(here);
		const known = () => knowing(here, "orders", "orders", "order_events", "sagas");
		const stands = (id: number, status: string) =>
			eventually(async () => expect(await here.order(id)).toMatchObject({ status }));
		await here.place({ shippingAddress: address });
		await stands(1, "CONFIRMED");
		await here.cancel(1);
		await stands(1, "CANCELLED");
		await here.place({ shippingAddress: address });
		await stands(2, "CONFIRMED");
		const hang = hanging();
		neighbours.on("payments.authorize", hang.answer);
		await here.place({ shippingAddress: address });
		expect(await known()).toBe(9);
		const before = await here.order(1);
		await here.publish(deleted());
		await here.publish(deleted());
		expect(await known()).toBe(6);
		const { shippingAddress: _, ...rest } = before;
		expect(await here.order(1)).toEqual(rest);
		// Its saga needs the address still.
		hang.go();
		await stands(3, "CONFIRMED");
		expect(neighbours.asked.findLast(({ action }) => action === "shipping.create")!.params).toMatchObject({ address });
		await here.cancel(3);
		await stands(3, "CANCELLED");
		expect(await known()).toBe(3);
		const shipped = { shipmentId: 902, orderId: 2, userId: ALICE };
		await here.publish(event("shipment.dispatched", "shipment/902", { ...shipped, tracking: "T1" }));
		expect(await known()).toBe(3);
		await here.publish(event("shipment.delivered", "shipment/902", shipped));
		expect(await here.order(2)).toMatchObject({ status: "DELIVERED", total: 2_500 });
		expect(await known()).toBe(0);
	});

	it("leaves payments without an address, once they are decided", async () => {
		const { node: here, service } = await payments();
		open.push(here);
		const items = [{ productId: 101, quantity: 2 }];
		const order = (orderId: number): CarriedOrder => ({
			orderId,
			userId: ALICE,
			items,
			total: 2_500,
			currency: "EUR",
			paymentToken: "tok_ok",
			shippingAddress: address
		});
		const about = (orderId: number) => ({ orderId, items, order: order(orderId) });
		const committed = (orderId: number) =>
			here.publish(event("inventory.committed", `order/${orderId}`, about(orderId)));
		const expiresAt = new Date().toISOString();
		for (const orderId of [1, 2])
			await here.publish(event("inventory.reserved", `order/${orderId}`, { ...about(orderId), expiresAt }));
		await committed(1);
		expect(await knowing(here, "payments", "payments")).toBe(2);
		await here.publish(deleted());
		expect(await knowing(here, "payments", "payments")).toBe(1);
		await committed(2);
		expect(await knowing(here, "payments", "payments")).toBe(0);
		expect(await service.store.all("SELECT * FROM dead_letters")).toEqual([]);
		await eventually(() => expect(here.of("payment.captured").map(({ data }) => data.orderId)).toEqual([1, 2]));
	});
});
