import { as, event } from "../support/node.ts";
import { eventually } from "../support/eventually.ts";
import { ALICE, BOB, failing, hanging, Neighbours, refusing, shop, type Shop } from "../support/orders.mother.ts";
import { crashed, removeCopies } from "../support/saga-shop.ts";

let neighbours: Neighbours;
let here: Shop;

beforeEach(async () => {
	neighbours = new Neighbours();
	here = await shop(neighbours);
});
afterEach(async () => {
	await here.close();
	removeCopies();
});

const stands = (id: number, expected: object) =>
	eventually(async () => expect(await here.order(id)).toMatchObject(expected));
const back = ["shipping.cancel", "payments.refundOrder", "inventory.release"];

async function confirmed(): Promise<void> {
	await here.place();
	await stands(1, { status: "CONFIRMED" });
	neighbours.asked.length = 0;
}
const dispatched = (id: number) =>
	here.publish(
		event("shipment.dispatched", "shipment/901", { shipmentId: 901, orderId: id, userId: ALICE, tracking: "T1" })
	);
const delivered = (id: number) =>
	here.publish(event("shipment.delivered", "shipment/901", { shipmentId: 901, orderId: id, userId: ALICE }));

describe("a confirmed order that its customer cancels", () => {
	it("is asked back: the parcel, then the money, then the goods; then it is CANCELLED", async () => {
		await confirmed();
		expect(await here.cancel(1)).toMatchObject({ status: "CONFIRMED", cancelRequested: true });
		await stands(1, { status: "CANCELLED", reason: "CUSTOMER" });
		expect(neighbours.actions).toEqual(back);
		expect(neighbours.asked.map(({ key }) => key)).toEqual(back.map(action => `2:${action}:forward`));
		expect(await here.order(1)).not.toHaveProperty("cancelRequested");
		await eventually(() =>
			expect(here.heard.map(({ type }) => type).filter(type => type.startsWith("order."))).toEqual([
				"order.created",
				"order.confirmed",
				"order.cancel_requested",
				"order.cancelled"
			])
		);
	});

	it("stays confirmed when its parcel cannot be called back any more", async () => {
		await confirmed();
		neighbours.on("shipping.cancel", refusing("SHIPMENT_DISPATCHED"));
		await here.cancel(1);
		await eventually(() =>
			expect(here.of("order.cancel_refused").map(({ data }) => data.reason)).toEqual(["SHIPMENT_DISPATCHED"])
		);
		const order = await here.order(1);
		expect(order.status).toBe("CONFIRMED");
		expect(order).not.toHaveProperty("cancelRequested");
		expect(neighbours.actions).toEqual(["shipping.cancel"]);
	});

	it.each(back)("is asked back again, under the same key, when %s cannot be asked", async step => {
		await confirmed();
		neighbours.on(step, failing, failing);
		await here.cancel(1);
		await stands(1, { status: "CANCELLED" });
		expect(neighbours.keysOf(step)).toEqual(Array(3).fill(`2:${step}:forward`));
		expect(neighbours.actions).toHaveLength(5);
	});

	it.each(back.slice(1))("once the parcel is stopped, is not left half-way by a refusal of %s", async step => {
		await confirmed();
		neighbours.on(step, refusing("NOT_NOW"));
		await here.cancel(1);
		await stands(1, { status: "CANCELLED", reason: "CUSTOMER" });
		expect(neighbours.keysOf(step)).toHaveLength(2);
		expect(neighbours.keysOf("shipping.cancel")).toHaveLength(1);
	});

	it.each(back)("is cancelled by the next process when this one dies during %s", async step => {
		await confirmed();
		const hang = hanging();
		neighbours.on(step, hang.answer);
		await here.cancel(1);
		await eventually(() => expect(neighbours.keysOf(step)).toHaveLength(1));
		const after = new Neighbours();
		const next = await shop(after, { dataDir: crashed(here) });
		await eventually(async () =>
			expect(await next.order(1)).toMatchObject({ status: "CANCELLED", reason: "CUSTOMER" })
		);
		hang.go();
		// The parcel is the pivot: once it is stopped, that is known for certain and not asked again.
		const again = step === "shipping.cancel" ? back : back.slice(1);
		expect(after.actions).toEqual(again);
		await next.stop();
	});

	it("asks once however often it is cancelled, at once or again", async () => {
		await confirmed();
		await Promise.all(Array.from({ length: 10 }, () => here.cancel(1)));
		await stands(1, { status: "CANCELLED" });
		expect(await here.cancel(1)).toMatchObject({ status: "CANCELLED" });
		expect(neighbours.actions).toEqual(back);
		await eventually(() => expect(here.of("order.cancelled")).toHaveLength(1));
		expect(here.of("order.cancel_requested")).toHaveLength(1);
	});
});

describe("an order that is cancelled while it is placed", () => {
	it("is taken back as soon as it is confirmed", async () => {
		const hang = hanging();
		neighbours.on("payments.capture", hang.answer);
		await here.place();
		await eventually(() => expect(neighbours.keysOf("payments.capture")).toHaveLength(1));
		expect(await here.cancel(1)).toMatchObject({ status: "PENDING", cancelRequested: true });
		hang.go();
		await stands(1, { status: "CANCELLED", reason: "CUSTOMER" });
		expect(neighbours.actions.slice(-3)).toEqual(back);
		expect((await here.sagas()).map(({ type, status }) => [type, status])).toEqual([
			["place-order", "DONE"],
			["cancel-order", "DONE"]
		]);
	});

	it("is cancelled for what went wrong, when something does, and nothing more is asked back", async () => {
		const hang = hanging();
		neighbours.on("payments.authorize", async () => {
			await hang.answer();
			refusing("PAYMENT_DECLINED")();
		});
		await here.place();
		await eventually(() => expect(neighbours.keysOf("payments.authorize")).toHaveLength(1));
		await here.cancel(1);
		hang.go();
		await stands(1, { status: "CANCELLED", reason: "PAYMENT_DECLINED" });
		expect(await here.sagas()).toHaveLength(1);
	});

	it("answers who waits once it is cancelled, not when it is confirmed on the way", async () => {
		const hang = hanging();
		neighbours.on("payments.capture", hang.answer);
		const { id } = await here.place();
		const waiting = here.call("orders.outcome", { id, waitMs: 4_000 });
		await eventually(() => expect(neighbours.keysOf("payments.capture")).toHaveLength(1));
		await here.cancel(1);
		hang.go();
		expect(await waiting).toMatchObject({ status: "CANCELLED", reason: "CUSTOMER" });
	});
});

describe("an order on its way", () => {
	it("is SHIPPED and DELIVERED as its parcel is, and neither twice", async () => {
		await confirmed();
		await dispatched(1);
		await dispatched(1);
		await stands(1, { status: "SHIPPED", version: 3 });
		await delivered(1);
		await delivered(1);
		await stands(1, { status: "DELIVERED", version: 4 });
		await eventually(() => expect(here.of("order.delivered")).toHaveLength(1));
		expect(here.of("order.shipped")).toHaveLength(1);
	});

	it("cannot be cancelled any more", async () => {
		await confirmed();
		await dispatched(1);
		await expect(here.cancel(1)).rejects.toMatchObject({
			type: "ORDER_NOT_CANCELLABLE",
			code: 409,
			data: { id: 1, status: "SHIPPED" }
		});
		expect(neighbours.actions).toEqual([]);
	});

	it("that was asked back too late is told so, and goes on", async () => {
		await confirmed();
		const hang = hanging();
		neighbours.on("shipping.cancel", async () => {
			await hang.answer();
			refusing("SHIPMENT_DISPATCHED")();
		});
		await here.cancel(1);
		await dispatched(1);
		hang.go();
		await eventually(() => expect(here.of("order.cancel_refused")).toHaveLength(1));
		expect((await here.order(1)).status).toBe("SHIPPED");
		await delivered(1);
		await stands(1, { status: "DELIVERED" });
	});
});

it("nobody cancels an order of somebody else, or one that is not there", async () => {
	await confirmed();
	await expect(as(here, { userId: BOB })("orders.cancel", { id: 1 })).rejects.toMatchObject({ type: "FORBIDDEN" });
	await expect(as(here, "anonymous")("orders.cancel", { id: 1 })).rejects.toMatchObject({ type: "NO_TOKEN" });
	await expect(here.cancel(99)).rejects.toMatchObject({ type: "ORDER_NOT_FOUND" });
	expect(await as(here, { userId: 3, roles: ["staff"] })("orders.cancel", { id: 1 })).toMatchObject({
		cancelRequested: true
	});
});

it("a cancellation under a key is answered alike when it is repeated", async () => {
	await confirmed();
	const send = () => as(here, { userId: ALICE }, { "idempotency-key": "cancel-key-1" })("orders.cancel", { id: 1 });
	const first = await send();
	await stands(1, { status: "CANCELLED" });
	expect(await send()).toEqual(first);
});
