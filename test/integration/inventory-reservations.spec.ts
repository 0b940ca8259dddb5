import { shift } from "../../services/inventory/inventory.store.ts";
import { expire as end } from "../../services/inventory/reservations.store.ts";
import { type Line, MOVES } from "../../services/inventory/stock.ts";
import inventory from "../../services/inventory/inventory.service.ts";
import { eventually } from "../support/eventually.ts";
import { books, inventoryOf, lapse, stockUp } from "../support/inventory.ts";
import { node, type TestNode } from "../support/node.ts";

let shop: TestNode;

beforeEach(async () => {
	shop = await node([inventory]);
	await stockUp(shop, { 101: 10, 102: 5 });
});
afterEach(() => shop.close());

const of = (quantity: number, productId = 101): Line => ({ productId, quantity });
const reserve = (orderId: number, ...items: Line[]) => shop.call("inventory.reserve", { orderId, items });
const commit = (orderId: number) => shop.call("inventory.commit", { orderId });
const release = (orderId: number, reason = "ORDER_CANCELLED") => shop.call("inventory.release", { orderId, reason });
const expire = async (...orderIds: number[]) => {
	await lapse(shop, ...orderIds);
	await inventoryOf(shop).expireOverdue();
};
const shelf = async (productId = 101) => (await books(shop)).shelf[productId];
/** What was announced of orders, once all of it has been heard. */
const announced = async () => {
	await eventually(async () => expect(await inventoryOf(shop).relay.backlog()).toBe(0));
	return shop.heard
		.filter(({ type }) => type !== "inventory.stock_changed")
		.map(({ type, subject }) => `${type} ${subject}`);
};

const outOfStock = { type: "OUT_OF_STOCK", code: 409 };
const released = { type: "RESERVATION_RELEASED", code: 409 };

// checklist: 95
describe("reserving", () => {
	it("holds all items of an order for a while, and takes nothing off the shelf", async () => {
		const before = Date.now();
		const reservation = await reserve(1, of(3), of(2, 102));
		expect(reservation).toEqual({ orderId: 1, status: "HELD", expiresAt: expect.any(String) });
		const seconds = (Date.parse(reservation.expiresAt!) - before) / 1_000;
		expect(seconds).toBeGreaterThanOrEqual(900);
		expect(seconds).toBeLessThan(910);
		expect((await books(shop)).shelf).toEqual({
			101: { onHand: 10, reserved: 3 },
			102: { onHand: 5, reserved: 2 }
		});
		expect(await announced()).toEqual(["inventory.reserved order/1"]);
		expect(shop.of("inventory.reserved")[0]!.data).toEqual({
			orderId: 1,
			items: [of(3), of(2, 102)],
			expiresAt: reservation.expiresAt
		});
	});

	it("holds none of them when one is short, and leaves no trace", async () => {
		await expect(reserve(1, of(3), of(6, 102))).rejects.toMatchObject({
			...outOfStock,
			data: { productId: 102, quantity: 6 }
		});
		await expect(reserve(1, of(1), of(1, 999))).rejects.toMatchObject({ ...outOfStock, data: { productId: 999 } });
		const { shelf, status } = await books(shop);
		expect(Object.values(shelf).map(({ reserved }) => reserved)).toEqual([0, 0]);
		expect(status).toEqual({});
		expect(await announced()).toEqual([]);
		expect(await reserve(1, of(3))).toMatchObject({ status: "HELD" });
	});

	it("adds up lines of the same product before it looks", async () => {
		await expect(reserve(1, of(6), of(5))).rejects.toMatchObject({
			...outOfStock,
			data: { productId: 101, quantity: 11 }
		});
		await reserve(1, of(6), of(1, 102), of(4));
		expect(await shelf()).toEqual({ onHand: 10, reserved: 10 });
		await commit(1);
		expect(await shelf()).toEqual({ onHand: 0, reserved: 0 });
		expect((await books(shop)).movements.filter(({ order_id }) => order_id === 1)).toMatchObject([
			{ product_id: 101, delta: -10, kind: "SOLD" },
			{ product_id: 102, delta: -1, kind: "SOLD" }
		]);
	});

	it("can hold more of a product than one line may ask for", async () => {
		await stockUp(shop, { 103: 30_000 });
		await reserve(1, of(10_000, 103), of(10_000, 103));
		expect(await shelf(103)).toEqual({ onHand: 30_000, reserved: 20_000 });
		await announced();
		expect(shop.of("inventory.reserved")[0]!.data.items).toEqual([of(10_000, 103), of(10_000, 103)]);
		await release(1);
		expect(await shelf(103)).toEqual({ onHand: 30_000, reserved: 0 });
	});

	it("answers the same when it is repeated, whatever it asks for then", async () => {
		const first = await reserve(1, of(3));
		expect(await reserve(1, of(3))).toEqual(first);
		expect(await reserve(1, of(9))).toEqual(first);
		expect(await shelf()).toEqual({ onHand: 10, reserved: 3 });
		await commit(1);
		expect(await reserve(1, of(3))).toEqual({ orderId: 1, status: "COMMITTED" });
		expect(await shelf()).toEqual({ onHand: 7, reserved: 0 });
		expect(await announced()).toEqual(["inventory.reserved order/1", "inventory.committed order/1"]);
	});

	it("holds once when it is sent many times at once", async () => {
		const answers = await Promise.all(Array.from({ length: 50 }, () => reserve(1, of(3))));
		for (const answer of answers) expect(answer).toEqual(answers[0]);
		expect(await shelf()).toEqual({ onHand: 10, reserved: 3 });
		expect(await announced()).toEqual(["inventory.reserved order/1"]);
	});

	it("comes too late after a release, held or not", async () => {
		await release(1);
		await expect(reserve(1, of(1))).rejects.toMatchObject({ ...released, data: { orderId: 1 } });
		await reserve(2, of(1));
		await release(2);
		await expect(reserve(2, of(1))).rejects.toMatchObject(released);
		expect(await shelf()).toEqual({ onHand: 10, reserved: 0 });
	});

	it("holds again what has expired, as it is asked for now", async () => {
		await reserve(1, of(3));
		await expire(1);
		expect(await reserve(1, of(4))).toMatchObject({ status: "HELD" });
		expect(await shelf()).toEqual({ onHand: 10, reserved: 4 });
		await expire(1);
		await reserve(2, of(10));
		await expect(reserve(1, of(4))).rejects.toMatchObject(outOfStock);
		expect((await books(shop)).status).toEqual({ 1: "EXPIRED", 2: "HELD" });
	});

	it("is decided by the write itself: what was free at the look may be gone", async () => {
		const origin = { unit: "spec", correlationId: "spec" };
		const late = inventoryOf(shop).store.transact({ origin }, unit => shift(unit, MOVES.reserve.NONE, 1, of(11)));
		await expect(late).rejects.toMatchObject({ type: "STORE_UNAVAILABLE", retryable: true });
		expect(await shelf()).toEqual({ onHand: 10, reserved: 0 });
	});

	it("sells 10 units to 10 of 30 buyers who come at once", async () => {
		const tries = await Promise.allSettled(Array.from({ length: 30 }, (_, index) => reserve(index + 1, of(1))));
		expect(tries.filter(({ status }) => status === "fulfilled")).toHaveLength(10);
		for (const one of tries) if (one.status === "rejected") expect(one.reason).toMatchObject(outOfStock);
		expect(await shelf()).toEqual({ onHand: 10, reserved: 10 });
		await Promise.allSettled(Array.from({ length: 30 }, (_, index) => commit(index + 1)));
		expect(await shelf()).toEqual({ onHand: 0, reserved: 0 });
		expect(await announced()).toHaveLength(20);
	});
});

describe("committing", () => {
	it("takes what is held off the shelf, once", async () => {
		await reserve(1, of(3));
		for (const answer of await Promise.all([commit(1), commit(1), commit(1)]))
			expect(answer).toEqual({ orderId: 1, status: "COMMITTED" });
		expect(await shelf()).toEqual({ onHand: 7, reserved: 0 });
		expect(await announced()).toEqual(["inventory.reserved order/1", "inventory.committed order/1"]);
		expect(shop.of("inventory.committed")[0]!.data).toEqual({ orderId: 1, items: [of(3)] });
	});

	it("is refused where nothing was ever held, and after a release", async () => {
		await expect(commit(1)).rejects.toMatchObject({ ...released, data: { orderId: 1 } });
		await reserve(1, of(3));
		await release(1);
		await expect(commit(1)).rejects.toMatchObject(released);
		expect((await books(shop)).movements.filter(({ order_id }) => order_id !== null)).toEqual([]);
	});

	it("still takes a hold that is overdue and not yet expired", async () => {
		await reserve(1, of(3));
		await lapse(shop, 1);
		expect(await commit(1)).toMatchObject({ status: "COMMITTED" });
		await inventoryOf(shop).expireOverdue();
		expect((await books(shop)).status).toEqual({ 1: "COMMITTED" });
		expect(await shelf()).toEqual({ onHand: 7, reserved: 0 });
	});

	it("takes what has expired too, if it is still there", async () => {
		await reserve(1, of(3));
		await expire(1);
		await reserve(2, of(7));
		expect(await commit(1)).toEqual({ orderId: 1, status: "COMMITTED" });
		expect(await shelf()).toEqual({ onHand: 7, reserved: 7 });
	});

	it("never takes what somebody else holds by now", async () => {
		await reserve(1, of(3), of(1, 102));
		await expire(1);
		await reserve(2, of(8));
		await expect(commit(1)).rejects.toMatchObject({ ...outOfStock, data: { productId: 101, quantity: 3 } });
		expect((await books(shop)).shelf).toEqual({ 101: { onHand: 10, reserved: 8 }, 102: { onHand: 5, reserved: 0 } });
		expect((await books(shop)).status).toEqual({ 1: "EXPIRED", 2: "HELD" });
		await release(2);
		expect(await commit(1)).toMatchObject({ status: "COMMITTED" });
	});
});

// checklist: 93
describe("releasing", () => {
	it("gives back what is held, once", async () => {
		await reserve(1, of(3));
		for (const answer of await Promise.all([release(1), release(1), release(1)]))
			expect(answer).toEqual({ orderId: 1, status: "RELEASED" });
		expect(await shelf()).toEqual({ onHand: 10, reserved: 0 });
		expect(await announced()).toEqual(["inventory.reserved order/1", "inventory.released order/1"]);
		expect(shop.of("inventory.released")[0]!.data).toEqual({ orderId: 1, items: [of(3)], reason: "ORDER_CANCELLED" });
	});

	it("puts what was sold back on the shelf, with a movement", async () => {
		await reserve(1, of(3));
		await commit(1);
		await release(1);
		await release(1);
		const { shelf, movements } = await books(shop);
		expect(shelf[101]).toEqual({ onHand: 10, reserved: 0 });
		expect(movements.filter(({ order_id }) => order_id === 1)).toMatchObject([
			{ delta: -3, kind: "SOLD" },
			{ delta: 3, kind: "RETURNED" }
		]);
		await expect(commit(1)).rejects.toMatchObject(released);
	});

	it("leaves a tombstone where nothing is held, and says that nothing came back", async () => {
		expect(await release(1)).toEqual({ orderId: 1, status: "RELEASED" });
		await reserve(2, of(3));
		await expire(2);
		expect(await release(2)).toEqual({ orderId: 2, status: "RELEASED" });
		expect((await books(shop)).status).toEqual({ 1: "RELEASED", 2: "RELEASED" });
		expect(await shelf()).toEqual({ onHand: 10, reserved: 0 });
		await announced();
		expect(shop.of("inventory.released").map(({ data }) => data.items)).toEqual([[], []]);
	});

	it("and reserving at once end the same way, whoever comes first", async () => {
		const calls = Array.from({ length: 40 }, (_, index) => [
			() => reserve(index + 1, of(1)),
			() => release(index + 1)
		]).flatMap((pair, index) => (index % 2 === 0 ? pair : pair.toReversed()));
		await Promise.allSettled(calls.map(call => call()));
		const { shelf, status } = await books(shop);
		expect(new Set(Object.values(status))).toEqual(new Set(["RELEASED"]));
		expect(shelf[101]).toEqual({ onHand: 10, reserved: 0 });
	});
});

describe("time", () => {
	it("ends a hold by itself and gives its stock back", async () => {
		const brief = await node([inventory], { env: { RESERVATION_TTL_SECONDS: "1" } });
		await stockUp(brief, { 101: 10 });
		await brief.call("inventory.reserve", { orderId: 1, items: [of(3)] });
		await eventually(() => expect(brief.of("inventory.expired")).toHaveLength(1));
		const [expired] = brief.of("inventory.expired");
		// It belongs to the request that once held it.
		const { correlationid } = brief.of("inventory.reserved")[0]!;
		expect(expired).toMatchObject({ subject: "order/1", correlationid, data: { orderId: 1, items: [of(3)] } });
		expect(await books(brief)).toMatchObject({
			shelf: { 101: { onHand: 10, reserved: 0 } },
			status: { 1: "EXPIRED" }
		});
		await brief.close();
	});

	it("ends after a restart what it ended while nobody ran", async () => {
		await reserve(1, of(3));
		await reserve(2, of(2));
		await lapse(shop, 1);
		await shop.stop();
		shop = await node([inventory], { dataDir: shop.dataDir });
		await eventually(async () => expect((await books(shop)).status).toEqual({ 1: "EXPIRED", 2: "HELD" }));
		expect(await shelf()).toEqual({ onHand: 10, reserved: 2 });
		expect(await commit(2)).toMatchObject({ status: "COMMITTED" });
	});

	it("is not stopped by a store that cannot write for a moment", async () => {
		await reserve(1, of(3));
		const busy = jest.spyOn(inventoryOf(shop).store, "transact");
		const lapsed = lapse(shop, 1);
		busy.mockRejectedValueOnce(new Error("busy"));
		await lapsed;
		await eventually(async () => expect((await books(shop)).status).toEqual({ 1: "EXPIRED" }));
		expect(busy.mock.calls.filter(([{ origin }]) => origin.unit === "inventory/expire")).toHaveLength(2);
		busy.mockRestore();
	});

	it("leaves alone what is not over yet, and what was overdue and is settled", async () => {
		await reserve(1, of(1));
		await reserve(2, of(1));
		await lapse(shop, 2);
		await Promise.all([release(2), inventoryOf(shop).expireOverdue(), inventoryOf(shop).expireOverdue()]);
		const { status } = await books(shop);
		expect(status).toEqual({ 1: "HELD", 2: "RELEASED" });
	});

	it("spares what was held again since it was found to be due", async () => {
		await reserve(1, of(3));
		await expire(1);
		await reserve(1, of(3));
		const origin = { unit: "spec", correlationId: "spec" };
		await inventoryOf(shop).store.transact({ origin }, unit => end(unit, 1));
		expect((await books(shop)).status).toEqual({ 1: "HELD" });
		expect(await shelf()).toEqual({ onHand: 10, reserved: 3 });
	});

	it("ends more holds than one batch", async () => {
		await stockUp(shop, { 103: 1_000 });
		const orders = Array.from({ length: 450 }, (_, index) => index + 1);
		for (let from = 0; from < orders.length; from += 50)
			await Promise.all(orders.slice(from, from + 50).map(orderId => reserve(orderId, of(1, 103))));
		await lapse(shop, ...orders);
		await eventually(async () => expect(await shelf(103)).toEqual({ onHand: 1_000, reserved: 0 }));
		expect((await announced()).filter(event => event.startsWith("inventory.expired"))).toHaveLength(450);
	});
});

it("answers after a restart what it answered before", async () => {
	const held = await reserve(1, of(3));
	await reserve(2, of(2));
	const sold = await commit(2);
	const gone = await release(3);
	await shop.stop();
	shop = await node([inventory], { dataDir: shop.dataDir });
	expect(await reserve(1, of(3))).toEqual(held);
	expect(await commit(2)).toEqual(sold);
	expect(await release(3)).toEqual(gone);
	expect(await shelf()).toEqual({ onHand: 8, reserved: 3 });
});
