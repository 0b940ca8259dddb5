import { eventually } from "../support/eventually.ts";
import { as, event } from "../support/node.ts";
import { BOB, hanging, Neighbours, refusing, shop, type Shop } from "../support/orders.mother.ts";
import { delivered, inspection, sendBack } from "../support/returns.ts";
import { crashed, removeCopies } from "../support/saga-shop.ts";

let neighbours: Neighbours;
let here: Shop;
const start = async (env: Record<string, string> = {}) => {
	neighbours = new Neighbours();
	here = await shop(neighbours, { env });
};
afterEach(async () => {
	await here.close();
	removeCopies();
});

const staff = () => as(here, { userId: 3, roles: ["staff"] });
const returned = (id = 1) => staff()("orders.getReturn", { id });
const becomes = (status: string, id = 1) =>
	eventually(async () => expect(await returned(id)).toMatchObject({ status }));
const refused = (type: string, code = 409) => expect.objectContaining({ type, code });
/** What was said of returns, once all of it is delivered. */
const told = async () => {
	await eventually(async () => expect(await here.orders.relay.backlog()).toBe(0));
	return here.heard
		.filter(({ type }) => type.startsWith("return."))
		.map(({ type, subject, sequence }) => `${type} ${subject} v${sequence}`);
};
const takenBack = () => neighbours.actions.filter(action => /refundPart|takeBack/.test(action));

describe("a return", () => {
	it("is asked for of an order that arrived, and says what it is worth", async () => {
		await start();
		const id = await delivered(here);
		const asked = await sendBack(here, id);
		expect(asked).toMatchObject({
			...{ id: 1, orderId: id, userId: 1, status: "REQUESTED", amount: 1_250, currency: "EUR", version: 1 },
			reason: "It is too small",
			items: [{ productId: 101, name: "Product 101", quantity: 1, unitPrice: 1_250, total: 1_250 }]
		});
		expect(await told()).toEqual(["return.requested return/1 v1"]);
		expect(JSON.stringify(here.of("return.requested"))).not.toContain("too small");
	});

	it("is refused of an order that has not arrived, is too old, or does not have it", async () => {
		await start();
		const { id: early } = await here.place();
		await expect(sendBack(here, early)).rejects.toEqual(refused("ORDER_NOT_RETURNABLE"));
		await expect(sendBack(here, 99)).rejects.toEqual(refused("ORDER_NOT_FOUND", 404));
		const id = await delivered(here);
		await expect(sendBack(here, id, { items: [{ productId: 102, quantity: 1 }] })).rejects.toEqual(
			refused("PRODUCT_NOT_ORDERED", 422)
		);
		await expect(sendBack(here, id, { items: [{ productId: 101, quantity: 3 }] })).rejects.toEqual(
			refused("RETURN_TOO_LARGE")
		);
		await here.tamper(`UPDATE order_events SET at = '2020-01-01T00:00:00.000Z' WHERE type = 'delivered'`);
		await expect(sendBack(here, id)).rejects.toEqual(refused("RETURN_TOO_LATE"));
		expect(await told()).toEqual([]);
	});

	it("is refused where nothing is taken back", async () => {
		await start({ ORDER_RETURN_DAYS: "0" });
		await expect(sendBack(here, await delivered(here))).rejects.toEqual(refused("RETURN_TOO_LATE"));
	});

	it("is the business of the customer and the staff", async () => {
		await start();
		const id = await delivered(here);
		await expect(sendBack(here, id, { userId: BOB })).rejects.toEqual(refused("FORBIDDEN", 403));
		await sendBack(here, id);
		const bob = as(here, { userId: BOB });
		for (const look of [
			() => bob("orders.getReturn", { id: 1 }),
			() => bob("orders.cancelReturn", { id: 1 }),
			() => bob("orders.listReturnsOfOrder", { id }),
			() => bob("orders.listReturnsOfUser", { id: 1 })
		])
			await expect(look()).rejects.toEqual(refused("FORBIDDEN", 403));
		expect((await bob("orders.listReturns", {})).items).toEqual([]);
		for (const action of ["orders.getReturn", "orders.cancelReturn"] as const)
			await expect(staff()(action, { id: 99 })).rejects.toEqual(refused("RETURN_NOT_FOUND", 404));
	});

	it("is listed, the newest first, page by page", async () => {
		await start();
		const id = await delivered(here, { items: [{ productId: 101, quantity: 9 }] });
		for (let n = 0; n < 3; n++) await sendBack(here, id);
		await as(here, { userId: 1 })("orders.cancelReturn", { id: 2 });
		const ids = ({ items }: { items: { id: number }[] }) => items.map(one => one.id);
		const first = await staff()("orders.listReturns", { limit: 2 });
		expect([ids(first), first.next]).toEqual([[3, 2], 2]);
		expect(ids(await staff()("orders.listReturns", { limit: 2, after: 2 }))).toEqual([1]);
		expect(ids(await staff()("orders.listReturns", { status: "REFUSED" }))).toEqual([2]);
		const alice = as(here, { userId: 1 });
		expect(ids(await alice("orders.listReturns", { status: "REQUESTED" }))).toEqual([3, 1]);
		expect(ids(await alice("orders.listReturnsOfOrder", { id }))).toEqual([3, 2, 1]);
		expect(ids(await alice("orders.listReturnsOfUser", { id: 1, limit: 1 }))).toEqual([3]);
	});

	it("is there once under its key", async () => {
		await start();
		const id = await delivered(here);
		const all = await Promise.all(Array.from({ length: 5 }, () => sendBack(here, id, { key: "one-and-the-same" })));
		expect(new Set(all.map(one => JSON.stringify(one))).size).toBe(1);
		await expect(sendBack(here, id, { key: "one-and-the-same", reason: "Other" })).rejects.toEqual(
			refused("IDEMPOTENCY_KEY_REUSED", 422)
		);
		expect(await told()).toHaveLength(1);
	});

	it("never takes the same goods twice, however many are asked for at once", async () => {
		await start();
		const id = await delivered(here);
		const asked = await Promise.allSettled(Array.from({ length: 8 }, () => sendBack(here, id)));
		expect(asked.filter(({ status }) => status === "fulfilled")).toHaveLength(2);
		for (const one of asked) if (one.status === "rejected") expect(one.reason).toEqual(refused("RETURN_TOO_LARGE"));
		await as(here, { userId: 1 })("orders.cancelReturn", {
			id: (await staff()("orders.listReturns", {})).items[0]!.id
		});
		expect(await sendBack(here, id)).toMatchObject({ status: "REQUESTED" });
	});
});

describe("goods that were inspected", () => {
	it("are refunded and put back, once, however often it is said", async () => {
		await start();
		const id = await delivered(here);
		await sendBack(here, id, { items: [{ productId: 101, quantity: 2 }] });
		const done = inspection("task.completed", 1);
		await here.publish(done);
		await here.publish(done);
		await becomes("COMPLETED");
		await here.publish(inspection("task.completed", 1));
		expect(takenBack()).toEqual(["payments.refundPart", "inventory.takeBack"]);
		const [refund, stock] = neighbours.asked.slice(-2).map(({ params }) => params);
		expect(refund).toEqual({ orderId: id, part: "return:1", amount: 2_500, reason: "RETURN" });
		expect(stock).toEqual({ orderId: id, returnId: 1, items: [{ productId: 101, quantity: 2 }] });
		expect(await told()).toEqual([
			"return.requested return/1 v1",
			"return.accepted return/1 v2",
			"return.completed return/1 v3"
		]);
	});

	it("stand in the order's history, and the order stays DELIVERED", async () => {
		await start();
		const id = await delivered(here);
		for (const returnId of [1, 2]) {
			await sendBack(here, id);
			await here.publish(inspection("task.completed", returnId));
			await becomes("COMPLETED", returnId);
		}
		expect(await here.order(id)).toMatchObject({ status: "DELIVERED", returned: 2_500, version: 6 });
		const { events } = await here.call("orders.history", { id });
		expect(events.slice(4).map(({ type, data }) => [type, data])).toEqual([
			["returned", { returnId: 1, amount: 1_250 }],
			["returned", { returnId: 2, amount: 1_250 }]
		]);
		expect(await here.call("orders.get", { id, at: events[4]!.at })).toMatchObject({ returned: expect.any(Number) });
		expect(await here.steps(id)).toEqual(
			expect.arrayContaining(["forward payments.refundPart DONE", "forward inventory.takeBack DONE"])
		);
		await told();
		expect(here.of("order.returned").map(({ data }) => data.returnId)).toEqual([1, 2]);
	});

	it("are not taken back when the money was given back before", async () => {
		await start();
		const id = await delivered(here);
		await sendBack(here, id);
		neighbours.on("payments.refundPart", refusing("REFUND_TOO_LARGE"));
		await here.publish(inspection("task.completed", 1));
		await becomes("REFUSED");
		expect(await returned()).toMatchObject({ refusal: "REFUND_TOO_LARGE", version: 3 });
		expect(takenBack()).toEqual(["payments.refundPart"]);
		expect((await here.order(id)).returned).toBeUndefined();
		expect(here.of("order.returned")).toEqual([]);
	});

	it("of a return that nobody asked for, or of no return, change nothing", async () => {
		await start();
		const id = await delivered(here);
		await sendBack(here, id);
		await here.publish(inspection("task.completed", 1, { about: "return/7" }));
		await here.publish(inspection("task.completed", 1, { about: `order/${id}` }));
		await here.publish(inspection("task.completed", 1, { kind: "pick" }));
		await here.publish(inspection("task.updated", 1, { status: "IN_PROGRESS" }));
		expect(await returned()).toMatchObject({ status: "REQUESTED", version: 1 });
		expect(takenBack()).toEqual([]);
	});

	it.each(["payments.refundPart", "inventory.takeBack"])(
		"are taken back by the next process when one dies during %s",
		async step => {
			await start();
			const id = await delivered(here);
			await sendBack(here, id);
			const hang = hanging();
			neighbours.on(step, hang.answer);
			await here.publish(inspection("task.completed", 1));
			await eventually(() => expect(neighbours.keysOf(step)).toHaveLength(1));
			const [dying, before] = [here, neighbours];
			neighbours = new Neighbours();
			here = await shop(neighbours, { dataDir: crashed(dying) });
			await becomes("COMPLETED");
			hang.go();
			await dying.close();
			expect(neighbours.keysOf(step)).toEqual(before.keysOf(step));
			expect(await here.order(id)).toMatchObject({ returned: 1_250 });
		}
	);
});

describe("a return that comes to nothing", () => {
	it.each([
		["was called off", "task.updated" as const],
		["was removed", "task.deleted" as const]
	])("is refused when its inspection %s, once", async (_, type) => {
		await start();
		const id = await delivered(here);
		await sendBack(here, id);
		const dropped = inspection(type, 1);
		for (const one of [dropped, dropped, inspection(type, 1), inspection("task.completed", 1)]) await here.publish(one);
		expect(await returned()).toMatchObject({ status: "REFUSED", refusal: "INSPECTION", version: 2 });
		expect(await told()).toEqual(["return.requested return/1 v1", "return.refused return/1 v2"]);
		expect(takenBack()).toEqual([]);
		expect(await sendBack(here, id, { items: [{ productId: 101, quantity: 2 }] })).toMatchObject({ id: 2 });
	});

	it("stays accepted when the task is removed that was done", async () => {
		await start();
		await sendBack(here, await delivered(here));
		await here.publish(inspection("task.completed", 1));
		await here.publish(inspection("task.deleted", 1, { status: "DONE" }));
		await becomes("COMPLETED");
	});

	it("is given up by the customer or the staff, until somebody has inspected it", async () => {
		await start();
		const id = await delivered(here);
		for (let n = 0; n < 2; n++) await sendBack(here, id);
		const alice = as(here, { userId: 1 });
		const first = await alice("orders.cancelReturn", { id: 1 });
		expect(first).toMatchObject({ status: "REFUSED", refusal: "CUSTOMER", version: 2 });
		expect(await alice("orders.cancelReturn", { id: 1 })).toEqual(first);
		expect(await staff()("orders.cancelReturn", { id: 2 })).toMatchObject({ refusal: "STAFF" });
		await sendBack(here, id);
		await here.publish(inspection("task.completed", 3));
		await expect(alice("orders.cancelReturn", { id: 3 })).rejects.toEqual(refused("RETURN_DECIDED"));
		await becomes("COMPLETED", 3);
		await here.publish(inspection("task.completed", 1));
		expect(await returned()).toEqual(first);
	});

	it("is given up or inspected, not both, when both happen at once", async () => {
		await start();
		const id = await delivered(here, { items: [{ productId: 101, quantity: 5 }] });
		for (let n = 1; n <= 5; n++) {
			await sendBack(here, id);
			await Promise.all([
				staff()("orders.cancelReturn", { id: n }).catch((error: unknown) =>
					expect(error).toEqual(refused("RETURN_DECIDED"))
				),
				here.publish(inspection("task.completed", n))
			]);
			await eventually(async () => expect((await returned(n)).status).toMatch(/REFUSED|COMPLETED/));
		}
		const { items } = await staff()("orders.listReturns", {});
		const completed = items.filter(({ status }) => status === "COMPLETED").length;
		expect(takenBack()).toHaveLength(2 * completed);
		expect((await here.order(id)).returned ?? 0).toBe(completed * 1_250);
	});
});

describe("what a customer wrote of a return", () => {
	const written = async () =>
		(await here.orders.store.all("SELECT reason FROM returns WHERE reason IS NOT NULL ORDER BY id")).length;

	it("goes with the account, of what is under way when that is over", async () => {
		await start();
		const id = await delivered(here, { items: [{ productId: 101, quantity: 4 }] });
		for (let n = 0; n < 4; n++) await sendBack(here, id);
		await staff()("orders.cancelReturn", { id: 1 });
		await here.publish(
			event("user.deleted", "user/2", { userId: 2, name: "B", email: "b@souk.test", roles: ["customer"] })
		);
		expect(await written()).toBe(4);
		await here.publish(
			event("user.deleted", "user/1", { userId: 1, name: "A", email: "a@souk.test", roles: ["customer"] })
		);
		expect(await written()).toBe(3);
		expect((await returned()).reason).toBeUndefined();
		expect((await staff()("orders.cancelReturn", { id: 2 })).reason).toBeUndefined();
		await here.publish(inspection("task.completed", 3));
		await becomes("COMPLETED", 3);
		await here.publish(inspection("task.updated", 4));
		expect(await written()).toBe(0);
		expect(await returned(3)).toMatchObject({ userId: 1, amount: 1_250 });
	});

	it("goes also of what is over at that very moment", async () => {
		await start();
		const id = await delivered(here, { items: [{ productId: 101, quantity: 6 }] });
		for (let n = 0; n < 6; n++) await sendBack(here, id);
		const alice = { userId: 1, name: "A", email: "a@souk.test", roles: ["customer" as const] };
		await Promise.all([
			...[1, 2, 3].map(n => staff()("orders.cancelReturn", { id: n })),
			here.publish(event("user.deleted", "user/1", alice)),
			...[4, 5, 6].map(n => here.publish(inspection("task.updated", n)))
		]);
		expect(await written()).toBe(0);
	});
});
