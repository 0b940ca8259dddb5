// checklist: 87, 92, 227
import type { EventType } from "../../broker/contract.ts";
import type { SoukEvent } from "../../broker/event.ts";
import type { CarriedOrder } from "../../services/orders/orders.contract.ts";
import { eventually } from "../support/eventually.ts";
import { event } from "../support/node.ts";
import { ALICE, hanging, Neighbours, refusing, shop, type Shop } from "../support/orders.mother.ts";
import { crashed, removeCopies } from "../support/saga-shop.ts";

let neighbours: Neighbours;
let here: Shop;
let carried: CarriedOrder;

const choreographed = { flow: "choreographed" };
const lines = [{ productId: 101, quantity: 2 }];
const money = { orderId: 1, userId: ALICE, amount: 2_500, currency: "EUR" };

beforeEach(async () => {
	neighbours = new Neighbours();
	here = await shop(neighbours, { env: { ORDER_STALL_SECONDS: "60" } });
	await here.place(choreographed);
	await eventually(() => expect(here.of("order.created")).toHaveLength(1));
	carried = here.of("order.created")[0]!.data.order!;
});
afterEach(async () => {
	await here.close();
	removeCopies();
});

const hear = <Type extends EventType>(type: Type, data: Omit<SoukEvent<Type>["data"], "order">) =>
	here.publish(event(type, "order/1", { ...data, order: { ...carried, paymentId: 701, shipmentId: 901 } } as never));
const stands = (expected: object) => eventually(async () => expect(await here.order(1)).toMatchObject(expected));
const saga = async () => (await here.sagas())[0]!;
/** As if the time of the watch were over. */
const stall = () => here.tamper("UPDATE sagas SET next_run_at = 1 WHERE status = 'WATCHED'");

describe("a choreographed order", () => {
	it("carries with its first event all that the next services need, and calls nobody itself", async () => {
		expect(carried).toEqual({
			orderId: 1,
			userId: ALICE,
			items: lines,
			total: 2_500,
			currency: "EUR",
			paymentToken: "tok_ok"
		});
		expect(neighbours.actions).toEqual([]);
		expect(await saga()).toMatchObject({ type: "place-order", status: "WATCHED" });
	});

	it("is confirmed when the money is there, with what was booked on the way", async () => {
		await hear("inventory.reserved", { orderId: 1, items: lines, expiresAt: "2026-01-02T03:04:05.678Z" });
		await hear("payment.authorized", { ...money, paymentId: 701 });
		await hear("shipment.created", { shipmentId: 901, orderId: 1, userId: ALICE });
		await hear("inventory.committed", { orderId: 1, items: lines });
		expect((await here.order(1)).status).toBe("PENDING");
		await hear("payment.captured", { ...money, paymentId: 701 });
		await stands({ status: "CONFIRMED", paymentId: 701, shipmentId: 901 });
		expect(await saga()).toMatchObject({ status: "DONE" });
		expect(await here.steps(1)).toEqual([
			"forward inventory.reserved HEARD",
			"forward payment.authorized HEARD",
			"forward shipment.created HEARD",
			"forward inventory.committed HEARD",
			"forward payment.captured HEARD"
		]);
		expect(neighbours.actions).toEqual([]);
	});

	it("is cancelled when nothing could be reserved", async () => {
		await hear("inventory.reservation_failed", { orderId: 1, items: lines, reason: "OUT_OF_STOCK", productId: 101 });
		await stands({ status: "CANCELLED", reason: "OUT_OF_STOCK" });
		expect(await saga()).toMatchObject({ status: "COMPENSATED" });
	});

	it("is cancelled when the goods are back, not before, whatever failed", async () => {
		await hear("inventory.reserved", { orderId: 1, items: lines, expiresAt: "2026-01-02T03:04:05.678Z" });
		await hear("payment.failed", { ...money, paymentId: 701, reason: "PAYMENT_DECLINED" });
		expect((await here.order(1)).status).toBe("PENDING");
		await hear("inventory.released", { orderId: 1, items: lines, reason: "PAYMENT_DECLINED" });
		await stands({ status: "CANCELLED", reason: "PAYMENT_DECLINED" });
	});

	it("is moved once by an event that comes twice", async () => {
		const captured = event("payment.captured", "order/1", { ...money, paymentId: 701, order: carried });
		await here.publish(captured);
		await here.publish(captured);
		await stands({ status: "CONFIRMED", version: 2 });
		await eventually(() => expect(here.of("order.confirmed")).toHaveLength(1));
	});

	it("does not move by events of orders that are led by a saga", async () => {
		await here.publish(event("payment.captured", "order/1", { ...money, paymentId: 701 }));
		await here.publish(event("inventory.released", "order/1", { orderId: 1, items: lines, reason: "CUSTOMER" }));
		expect((await here.order(1)).status).toBe("PENDING");
		expect(await saga()).toMatchObject({ status: "WATCHED" });
	});
});

describe("the watch over it", () => {
	const steps = ["inventory.reserve", "payments.authorize", "shipping.create", "inventory.commit", "payments.capture"];

	it("takes over when nothing is heard for too long, and finishes it", async () => {
		await stall();
		await stands({ status: "CONFIRMED", paymentId: 701 });
		expect(neighbours.actions).toEqual(steps);
		await eventually(async () => expect(await saga()).toMatchObject({ status: "DONE" }));
	});

	it("takes over from the first step, however far the events came", async () => {
		await hear("inventory.reserved", { orderId: 1, items: lines, expiresAt: "2026-01-02T03:04:05.678Z" });
		await hear("payment.authorized", { ...money, paymentId: 701 });
		await stall();
		await stands({ status: "CONFIRMED" });
		expect(neighbours.actions).toEqual(steps);
	});

	it("takes one back that cannot be finished", async () => {
		neighbours.on("inventory.reserve", refusing("RESERVATION_RELEASED"));
		await stall();
		await stands({ status: "CANCELLED", reason: "RESERVATION_RELEASED" });
		// What the events had done for it by then is not known here.
		expect(neighbours.actions).toEqual(["inventory.reserve", "shipping.cancel", "payments.void", "inventory.release"]);
	});

	it("says why it was given up, where the events had come to that before", async () => {
		neighbours.on("inventory.reserve", refusing("RESERVATION_RELEASED", "PAYMENT_DECLINED"));
		await stall();
		await stands({ status: "CANCELLED", reason: "PAYMENT_DECLINED" });
	});

	it("begins anew with every event that is heard", async () => {
		const until = async () => (await here.orders.store.get<{ at: number }>("SELECT next_run_at AS at FROM sagas"))!.at;
		await here.tamper("UPDATE sagas SET next_run_at = next_run_at - 50000");
		await hear("inventory.reserved", { orderId: 1, items: lines, expiresAt: "2026-01-02T03:04:05.678Z" });
		expect((await until()) - Date.now()).toBeGreaterThan(55_000);
		expect((await until()) - Date.now()).toBeLessThanOrEqual(60_000);
	});

	it("never takes over one that has ended", async () => {
		await hear("payment.captured", { ...money, paymentId: 701 });
		await stands({ status: "CONFIRMED" });
		await here.tamper("UPDATE sagas SET next_run_at = 1, lease_until = 0");
		// Another that stalls is taken over: the sweep has passed by the one that ended.
		await here.place(choreographed);
		await stall();
		await eventually(async () => expect(await here.order(2)).toMatchObject({ status: "CONFIRMED" }));
		expect(neighbours.asked.filter(({ params }) => params.orderId === 1)).toEqual([]);
	});

	it("leaves the events nothing to decide once it has taken over", async () => {
		const hang = hanging();
		neighbours.on("payments.capture", hang.answer);
		await stall();
		await eventually(() => expect(neighbours.keysOf("payments.capture")).toHaveLength(1));
		await hear("inventory.released", { orderId: 1, items: lines, reason: "EXPIRED" });
		expect((await here.order(1)).status).toBe("PENDING");
		hang.go();
		await stands({ status: "CONFIRMED" });
		await hear("inventory.released", { orderId: 1, items: lines, reason: "EXPIRED" });
		await hear("payment.captured", { ...money, paymentId: 701 });
		expect(await here.order(1)).toMatchObject({ status: "CONFIRMED", version: 2 });
		expect(await saga()).toMatchObject({ status: "DONE" });
	});

	it("goes on in the next process", async () => {
		const after = new Neighbours();
		const next = await shop(after, { dataDir: crashed(here) });
		await next.tamper("UPDATE sagas SET next_run_at = 1 WHERE status = 'WATCHED'");
		await eventually(async () => expect(await next.order(1)).toMatchObject({ status: "CONFIRMED" }));
		expect(after.actions).toEqual(steps);
		await next.stop();
	});
});
