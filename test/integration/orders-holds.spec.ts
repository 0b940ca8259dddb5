import type { SoukEvent } from "../../broker/event.ts";
import type { Order } from "../../services/orders/orders.contract.ts";
import type { Task } from "../../services/tasks/tasks.contract.ts";
import tasksService from "../../services/tasks/tasks.service.ts";
import { eventually } from "../support/eventually.ts";
import { as, event } from "../support/node.ts";
import { ALICE, anOrder, BOB, Neighbours, shop, type Shop } from "../support/orders.mother.ts";
import { tasksOf } from "../support/tasks.ts";

/** What Alice orders costs 2500. */
const STRICT = { ORDER_REVIEW_ABOVE: "2499" };
const CAREFUL = { ORDER_HOLD_ADDRESS: "on" };
const DAY = 24 * 60 * 60 * 1_000;
const address = { name: "Alice", street: "Secret Road 1", city: "Town", postalCode: "1", country: "FR" };
const nowhere = { ...address, country: "ZZ" };
const steps = ["inventory.reserve", "payments.authorize", "shipping.create", "inventory.commit", "payments.capture"];

let neighbours: Neighbours;
let here: Shop;
const open = async (env: Record<string, string>, dataDir?: string) => {
	neighbours = new Neighbours();
	here = await shop(neighbours, { env, beside: [tasksService], ...(dataDir && { dataDir }) });
};
/** Stops, and goes on over the same stores as another process. */
const restart = async (env: Record<string, string>) => {
	await here.stop();
	await open(env, here.dataDir);
};
afterEach(async () => {
	jest.restoreAllMocks();
	await here.close();
});

const staff = (headers?: Record<string, string>) => as(here, { userId: 3, roles: ["staff"] }, headers);
const stands = (expected: object, id = 1) =>
	eventually(async () => expect(await here.order(id)).toMatchObject(expected));
const review = (id = 1): Promise<Task> =>
	eventually(async () => {
		const { items } = await staff()("tasks.list", { kind: "review", about: `order/${id}` });
		expect(items).toHaveLength(1);
		return items[0]!;
	});
const closed = (status: Task["status"], id = 1) =>
	eventually(async () => expect(await review(id)).toMatchObject({ status }));
const toAddress = (to: object, userId = ALICE, headers?: Record<string, string>): Promise<Order> =>
	as(here, { userId }, headers)("orders.changeAddress", { id: 1, ...to } as never);
/** What the store keeps only for orders that are held. */
const kept = async () => [
	...(await here.orders.store.all<{ payment_token: string }>("SELECT payment_token FROM held_orders")).map(
		row => row.payment_token
	),
	...(await here.orders.store.all<{ subject: string }>("SELECT subject FROM timers ORDER BY subject")).map(
		row => row.subject
	)
];
/** All that was said is heard, and what follows from it, too. */
const quiet = () =>
	eventually(async () => {
		const [orders, tasks] = [here.orders.relay, tasksOf(here).relay];
		// What is said may be answered by the other.
		expect([await orders.backlog(), await tasks.backlog(), await orders.backlog()]).toEqual([0, 0, 0]);
	});
/** A task as tasks would tell of it. */
const told = (type: "task.completed" | "task.updated" | "task.deleted", task: Partial<Task>) => {
	const time = "2026-01-02T03:04:05.678Z";
	const blank = { id: 7, title: "It", description: "", priority: "NORMAL" as const, version: 2 };
	return event(type, "task/7", {
		taskId: 7,
		task: { ...blank, labels: [], checklist: [], status: "DONE", createdAt: time, updatedAt: time, ...task }
	});
};
const publish = async (...events: SoukEvent[]) => {
	for (const one of events) await here.publish(one);
};
const later = (days: number) => {
	const now = Date.now.bind(Date);
	jest.spyOn(Date, "now").mockImplementation(() => now() + days * DAY);
};

describe("an order that costs more than the limit", () => {
	it("is held, and nobody is asked for anything while it is", async () => {
		await open(STRICT);
		const order = await here.place({ shippingAddress: nowhere });
		expect(order).toMatchObject({ status: "HELD", heldFor: ["REVIEW"], version: 2 });
		expect(Date.parse(order.heldUntil!) - Date.parse(order.createdAt)).toBe(14 * DAY);
		expect(await here.call("orders.outcome", { id: 1, waitMs: 60_000 })).toEqual(order);
		await quiet();
		expect(neighbours.asked.map(({ action }) => action).sort()).toEqual(["products.resolve", "users.contact"]);
		expect(await here.sagas()).toEqual([]);
		expect(here.of("order.created")[0]!.data).not.toHaveProperty("order", expect.anything());
		expect(here.of("order.held")[0]!.data).toEqual({
			orderId: 1,
			userId: ALICE,
			total: 2_500,
			currency: "EUR",
			heldFor: ["REVIEW"],
			heldUntil: order.heldUntil
		});
		expect(JSON.stringify([here.heard, await here.call("orders.history", { id: 1 })])).not.toContain("tok_ok");
		expect(await kept()).toEqual(["tok_ok", "order/1"]);
		expect((await staff()("orders.list", { status: "HELD" })).items).toEqual([order]);
	});

	it("is one that costs more, not one that costs as much", async () => {
		await open({ ORDER_REVIEW_ABOVE: "2500" });
		expect(await here.place()).toMatchObject({ status: "PENDING" });
		await stands({ status: "CONFIRMED" });
	});

	it("is placed once, however often it is sent", async () => {
		await open(STRICT);
		const key = { "idempotency-key": "the-same-key" };
		const order = await here.place({}, key);
		expect(await here.place({}, key)).toEqual(order);
		expect((await staff()("orders.list", {})).items).toHaveLength(1);
	});

	it("goes on when the task to look at it is completed, after days and a restart", async () => {
		await open(STRICT);
		await here.place();
		expect(await review()).toMatchObject({
			title: "Review order 1: its total is above the limit",
			status: "OPEN",
			description: expect.stringContaining((await here.order(1)).heldUntil!)
		});
		await restart(STRICT);
		later(13);
		const { id } = await review();
		await staff()("tasks.complete", { id });
		await stands({ status: "CONFIRMED", paymentId: 701, shipmentId: 901 });
		expect(neighbours.actions).toEqual(steps);
		expect(neighbours.asked.find(({ action }) => action === "payments.authorize")!.params).toMatchObject({
			token: "tok_ok",
			amount: 2_500
		});
		expect(await kept()).toEqual([]);
		const order = await here.order(1);
		expect(order).not.toHaveProperty("heldFor", expect.anything());
		expect(order).not.toHaveProperty("heldUntil", expect.anything());
		expect((await here.call("orders.history", { id: 1 })).events.map(({ type }) => type)).toEqual([
			"created",
			"held",
			"released",
			"confirmed"
		]);
		await closed("DONE");
	});

	it("and is choreographed begins its chain then, under its watch", async () => {
		await open(STRICT);
		await here.place({ flow: "choreographed", shippingAddress: address });
		await restart(STRICT);
		await staff()("tasks.complete", { id: (await review()).id });
		await stands({ status: "PENDING" });
		await quiet();
		expect(here.of("order.released").map(({ data }) => data)).toEqual([
			expect.objectContaining({
				from: "REVIEW",
				order: {
					orderId: 1,
					userId: ALICE,
					items: [{ productId: 101, quantity: 2 }],
					total: 2_500,
					currency: "EUR",
					paymentToken: "tok_ok",
					shippingAddress: address
				}
			})
		]);
		expect(await here.sagas()).toMatchObject([{ type: "place-order", status: "WATCHED" }]);
		await here.tamper("UPDATE sagas SET next_run_at = 1");
		await stands({ status: "CONFIRMED" });
		expect(neighbours.actions).toEqual(steps);
	});

	it("goes on when the staff says so, and the task is called off, which does not cancel it", async () => {
		await open(STRICT);
		await here.place();
		await review();
		const key = { "idempotency-key": "release-it-once" };
		await expect(as(here, { userId: ALICE })("orders.release", { id: 1 })).rejects.toMatchObject({ code: 403 });
		await expect(staff({ "if-match": "1" })("orders.release", { id: 1 })).rejects.toMatchObject({
			type: "VERSION_CONFLICT"
		});
		const released = await staff(key)("orders.release", { id: 1 });
		expect(released).toMatchObject({ status: "PENDING", version: 3 });
		expect(await staff(key)("orders.release", { id: 1 })).toEqual(released);
		await closed("CANCELLED");
		await stands({ status: "CONFIRMED" });
		await quiet();
		expect(await here.order(1)).toMatchObject({ status: "CONFIRMED", version: 4 });
		await expect(staff()("orders.release", { id: 1 })).rejects.toMatchObject({ type: "ORDER_NOT_HELD" });
		await expect(staff()("orders.release", { id: 9 })).rejects.toMatchObject({ type: "ORDER_NOT_FOUND" });
	});

	it.each([
		["cancels", (id: number) => staff()("tasks.update", { id, status: "CANCELLED" })],
		["removes", (id: number) => staff()("tasks.remove", { id })]
	])("is cancelled when somebody %s the task to look at it", async (_, drop) => {
		await open(STRICT);
		await here.place();
		await drop((await review()).id);
		await stands({ status: "CANCELLED", reason: "REVIEW_REJECTED", version: 3 });
		expect(await here.order(1)).not.toHaveProperty("heldFor", expect.anything());
		await quiet();
		expect([neighbours.actions, await kept(), await here.sagas()]).toEqual([[], [], []]);
		expect(here.of("order.cancelled")).toHaveLength(1);
	});

	it("is cancelled at once when the customer wishes so, and nobody has to look at it", async () => {
		await open(STRICT);
		await here.place();
		await review();
		expect(await here.cancel(1)).toMatchObject({ status: "CANCELLED", reason: "CUSTOMER", version: 3 });
		expect(await here.cancel(1)).toMatchObject({ status: "CANCELLED", version: 3 });
		await closed("CANCELLED");
		await quiet();
		expect([neighbours.actions, await kept()]).toEqual([[], []]);
	});

	it("is cancelled when nobody has seen to it in its time, also when nobody ran then", async () => {
		await open({ ...STRICT, ORDER_HOLD_DAYS: "2" });
		await here.place();
		await review();
		await here.stop();
		later(3);
		await open(STRICT, here.dataDir);
		await stands({ status: "CANCELLED", reason: "HOLD_EXPIRED", version: 3 });
		await closed("CANCELLED");
		expect([neighbours.actions, await kept()]).toEqual([[], []]);
		expect(here.of("order.cancelled")[0]!.correlationid).toBe(here.of("task.updated")[0]!.correlationid);
	});

	it("is held no more by a limit that is gone, but by what it was held for", async () => {
		await open(STRICT);
		await here.place();
		await restart({});
		expect(await here.place()).toMatchObject({ status: "PENDING" });
		expect(await here.order(1)).toMatchObject({ status: "HELD" });
	});
});

describe("news of a task", () => {
	const about = { kind: "review", about: "order/1" } as const;

	it("about something else, or of another kind, changes nothing", async () => {
		await open(STRICT);
		await here.place();
		await publish(
			told("task.completed", { kind: "inspect", about: "order/1" }),
			told("task.completed", { kind: "review", about: "order/12" }),
			told("task.completed", { kind: "review", about: "parcel/1" }),
			told("task.completed", { kind: "review" }),
			told("task.updated", { kind: "pick", about: "order/1", status: "CANCELLED" }),
			told("task.updated", { ...about, status: "IN_PROGRESS" }),
			told("task.updated", { kind: "review", about: "order/12", status: "CANCELLED" }),
			told("task.deleted", { ...about, status: "DONE" })
		);
		expect(await here.order(1)).toMatchObject({ status: "HELD", version: 2 });
		expect(await here.orders.store.all("SELECT * FROM dead_letters")).toEqual([]);
	});

	it("that comes twice or late changes nothing more", async () => {
		await open(STRICT);
		await here.place();
		const done = told("task.completed", about);
		await publish(done, done, told("task.completed", about), told("task.updated", { ...about, status: "CANCELLED" }));
		await stands({ status: "CONFIRMED", version: 4 });
		await here.place();
		await here.cancel(2);
		await publish(told("task.completed", { ...about, about: "order/2" }));
		expect(await here.order(2)).toMatchObject({ status: "CANCELLED", version: 3 });
		expect(await here.sagas()).toHaveLength(1);
	});

	it("that was never opened by anybody is no obstacle: the staff may have opened its own before", async () => {
		await open(STRICT);
		await staff()("tasks.create", { title: "Mine", kind: "review", about: "order/1" });
		await here.place();
		await quiet();
		expect(await review()).toMatchObject({ title: "Mine" });
	});
});

describe("an order whose address no carrier goes to", () => {
	it("is not held where nobody asks for that: its steps find out", async () => {
		await open({});
		await here.place({ shippingAddress: nowhere });
		expect(neighbours.asked.map(({ action }) => action)).not.toContain("shipping.check");
	});

	it("is held until it has another one, and goes there", async () => {
		await open(CAREFUL);
		expect(await here.place({ shippingAddress: nowhere })).toMatchObject({ status: "HELD", heldFor: ["ADDRESS"] });
		expect((await review()).title).toBe("Review order 1: no carrier goes to its address");
		await expect(toAddress(nowhere)).rejects.toMatchObject({
			code: 422,
			type: "ADDRESS_NOT_SHIPPABLE",
			data: { errors: [{ pointer: "/country" }] }
		});
		await expect(toAddress(address, BOB)).rejects.toMatchObject({ code: 403 });
		await expect(toAddress({ ...address, country: "France" })).rejects.toMatchObject({ code: 400 });
		await expect(toAddress(address, ALICE, { "if-match": "1" })).rejects.toMatchObject({ type: "VERSION_CONFLICT" });
		const released = await toAddress(address, ALICE, { "if-match": "2" });
		expect(released).toMatchObject({ status: "PENDING", shippingAddress: address, version: 4 });
		await closed("CANCELLED");
		await stands({ status: "CONFIRMED" });
		expect(neighbours.asked.find(({ action }) => action === "shipping.create")!.params).toMatchObject({ address });
		expect(await toAddress(address, ALICE, { "if-match": "2" })).toMatchObject({ status: "CONFIRMED", version: 5 });
		await expect(toAddress({ ...address, city: "Metz" })).rejects.toMatchObject({ code: 409, type: "ORDER_NOT_HELD" });
		await quiet();
		expect(JSON.stringify(here.heard)).not.toContain(address.street);
		const at = (await here.call("orders.history", { id: 1 })).events[1]!.at;
		expect((await here.call("orders.get", { id: 1, at })).shippingAddress).toEqual(nowhere);
	});

	it("is the staff's to mend, too; and where the task for it is done without that, it is held still", async () => {
		await open(CAREFUL);
		await here.place({ shippingAddress: nowhere });
		await staff()("tasks.complete", { id: (await review()).id });
		await quiet();
		expect(await here.order(1)).toMatchObject({ status: "HELD", version: 2 });
		await expect(staff()("orders.release", { id: 1 })).rejects.toMatchObject({ type: "ORDER_NOT_HELD" });
		await staff()("orders.changeAddress", { id: 1, ...address });
		await stands({ status: "CONFIRMED" });
	});

	it("is cancelled when the task for it is", async () => {
		await open(CAREFUL);
		await here.place({ shippingAddress: nowhere });
		await staff()("tasks.update", { id: (await review()).id, status: "CANCELLED" });
		await stands({ status: "CANCELLED", reason: "SHIPPING_FAILED" });
	});

	it("is not accepted while shipping cannot be asked", async () => {
		await open(CAREFUL);
		neighbours.on("shipping.check", () => {
			throw Object.assign(new Error("away"), { code: 503, retryable: true });
		});
		await expect(here.place({ shippingAddress: nowhere })).rejects.toMatchObject({ message: "away" });
		await here.place();
		expect((await staff()("orders.list", {})).items).toHaveLength(1);
	});
});

describe("an order that is held for both", () => {
	const both = { ...STRICT, ...CAREFUL };
	const review_ = async () => void (await staff()("tasks.complete", { id: (await review()).id }));
	const mend = async () => void (await toAddress(address));

	it.each([
		["looked at and then mended", [review_, mend], ["ADDRESS"]],
		["mended and then looked at", [mend, review_], ["REVIEW"]]
	] as const)("goes on when it was %s", async (_, [first, second], left) => {
		await open(both);
		expect(await here.place({ shippingAddress: nowhere })).toMatchObject({ heldFor: ["REVIEW", "ADDRESS"] });
		await review();
		await first();
		await stands({ status: "HELD", heldFor: left });
		await quiet();
		expect([neighbours.actions, await kept()]).toEqual([[], ["tok_ok", "order/1"]]);
		await second();
		await stands({ status: "CONFIRMED" });
		expect(neighbours.actions).toEqual(steps);
		expect(await kept()).toEqual([]);
	});
});

describe("all that can end a hold at the same moment", () => {
	it.each(["orchestrated", "choreographed"] as const)("has one winner, %s", async flow => {
		await open({ ...STRICT, ...CAREFUL, ORDER_STALL_SECONDS: "600" });
		const orders = Array.from({ length: 12 }, (_, n) => n + 1);
		for (const _ of orders) await here.place({ flow });
		const tasks = await Promise.all(orders.map(id => review(id)));
		const due = here.orders.store.database.write("spec", tx =>
			tx.run("UPDATE timers SET due_at = ?, next_try_at = ?", ["2020-01-01T00:00:00.000Z", "2020-01-01T00:00:00.000Z"])
		);
		await Promise.allSettled([
			due,
			...orders.flatMap(id => [
				here.cancel(id),
				staff()("orders.release", { id }),
				staff()(id % 2 ? "tasks.complete" : "tasks.remove", { id: tasks[id - 1]!.id })
			])
		]);
		await eventually(async () => {
			for (const id of orders) {
				const { status, cancelRequested } = await here.order(id);
				expect([status, cancelRequested]).not.toContain("HELD");
				if (flow === "orchestrated") expect([status, cancelRequested]).not.toContain("PENDING");
			}
			expect(await kept()).toEqual([]);
		});
		await quiet();
		const ends = await Promise.all(
			orders.map(async id => {
				const { events } = await here.call("orders.history", { id });
				return events.filter(({ type, version }) => version === 3 && ["released", "cancelled"].includes(type)).length;
			})
		);
		expect(ends).toEqual(orders.map(() => 1));
		const released = here.of("order.released").map(({ subject }) => subject);
		expect(new Set(released).size).toBe(released.length);
		const begun = await here.orders.store.all<{ subject: string }>(
			"SELECT subject FROM sagas WHERE type = 'place-order'"
		);
		expect(begun.map(({ subject }) => subject).sort()).toEqual(released.sort());
		expect((await staff()("tasks.list", { kind: "review", status: "OPEN" })).items).toEqual([]);
		expect(await here.orders.store.all("SELECT * FROM dead_letters")).toEqual([]);
	});
});

describe("a user who removes the account", () => {
	it("leaves no order that waits, nor what would have paid for it, nor where it would have gone", async () => {
		await open({ ...STRICT, ...CAREFUL });
		await here.place({ shippingAddress: nowhere });
		await review();
		await toAddress(address);
		await as(here, { userId: BOB }, { "idempotency-key": "key-of-bob" })("orders.place", anOrder());
		const told = { userId: ALICE, name: "Alice", email: "alice@souk.test", roles: ["customer"] as ["customer"] };
		const deleted = event("user.deleted", `user/${ALICE}`, told);
		await publish(deleted, deleted);
		await stands({ status: "CANCELLED", reason: "ACCOUNT_REMOVED", version: 5 });
		expect(await here.order(2)).toMatchObject({ status: "HELD", userId: BOB });
		await closed("CANCELLED");
		expect(await kept()).toEqual(["tok_ok", "order/2"]);
		const rows = await Promise.all(
			["orders", "order_events", "sagas", "outbox"].map(table => here.orders.store.all(`SELECT * FROM ${table}`))
		);
		expect(JSON.stringify(rows)).not.toContain(address.street);
		expect(JSON.stringify(await here.order(1))).not.toContain("shippingAddress");
		expect(await here.call("orders.history", { id: 1 })).toMatchObject({
			events: [{ type: "created" }, { type: "held" }, { type: "address_changed", data: {} }, {}, { type: "cancelled" }]
		});
	});
});
