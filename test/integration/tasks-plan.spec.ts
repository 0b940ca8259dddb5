import type { SoukEvent } from "../../broker/event.ts";
import shippingService from "../../services/shipping/shipping.service.ts";
import { eventually } from "../support/eventually.ts";
import { event, node, type TestNode } from "../support/node.ts";
import { board, tasksOf, told, user } from "../support/tasks.ts";

const PLAN = { ORDER_PLAN: "pick:3600,pack:3600,ship" };
let here: TestNode;
const open = async (env: Record<string, string> = PLAN) => {
	here = await board({ env });
};
afterEach(() => here.close());

const money = { userId: 1, total: 2500, currency: "EUR" };
const confirmed = (orderId = 17) => event("order.confirmed", `order/${orderId}`, { ...money, orderId, items: [] });
const cancelled = () => event("order.cancelled", "order/17", { ...money, orderId: 17, reason: "CUSTOMER" });
const shipped = () => event("order.shipped", "order/17", { ...money, orderId: 17, shipmentId: 1 });
const publish = async (...events: SoukEvent[]) => {
	for (const one of events) await here.publish(one);
};
const staff = (headers?: Record<string, string>) => user(here, 3, headers);
const all = async (filter: object = { about: "order/17" }) =>
	(await staff()("tasks.list", filter)).items.toReversed().map(({ kind, status }) => `${kind} ${status}`);
const complete = async (kind: "pick" | "pack" | "ship") => {
	const [task] = (await staff()("tasks.list", { about: "order/17", kind })).items;
	return staff()("tasks.complete", { id: task!.id });
};

describe("an order that is confirmed", () => {
	it("opens the first task of the plan, once, however often it is said", async () => {
		await open();
		const one = confirmed();
		await publish(one, one, confirmed());
		expect(await all()).toEqual(["pick OPEN"]);
		const [task] = (await staff()("tasks.list", {})).items;
		expect(task).toMatchObject({ title: "Pick order 17", kind: "pick", about: "order/17", dueAt: expect.any(String) });
		expect(task).not.toHaveProperty("createdBy", expect.anything());
		expect(await told(here)).toEqual(["task.created task/1 v1"]);
	});

	it("is picked, packed and shipped: each task opens the next, once", async () => {
		await open();
		await publish(confirmed());
		await Promise.all(Array.from({ length: 5 }, () => complete("pick")));
		expect(await all()).toEqual(["pick DONE", "pack OPEN"]);
		const [pack] = (await staff()("tasks.list", { kind: "pack" })).items;
		await staff()("tasks.update", { id: pack!.id, status: "DONE" });
		await complete("ship");
		expect(await all()).toEqual(["pick DONE", "pack DONE", "ship DONE"]);
		expect((await told(here)).map(line => line.replace(/ .*/, ""))).toEqual([
			"task.created",
			"task.completed",
			"task.created",
			"task.completed",
			"task.created",
			"task.completed"
		]);
	});

	it("asks nothing of people when there is no plan", async () => {
		await open({});
		await publish(confirmed());
		expect(await all()).toEqual([]);
		await staff()("tasks.create", { title: "By hand", kind: "pick", about: "order/17" });
		await complete("pick");
		expect(await all()).toEqual(["pick DONE"]);
	});

	it("may have a shorter plan", async () => {
		await open({ ORDER_PLAN: "ship" });
		await publish(confirmed());
		await complete("ship");
		expect(await all()).toEqual(["ship DONE"]);
	});

	it("waits for a step that somebody cancelled: the next does not open", async () => {
		await open();
		await publish(confirmed());
		await staff()("tasks.update", { id: 1, status: "CANCELLED" });
		await publish(confirmed());
		expect(await all()).toEqual(["pick CANCELLED"]);
	});
});

describe("an order that needs no hands any more", () => {
	it.each([
		["was cancelled", cancelled],
		["has left by another hand", shipped]
	])("closes what was to be done for it, and nothing else: it %s", async (_, ended) => {
		await open();
		await publish(confirmed(), confirmed(18));
		await complete("pick");
		await staff()("tasks.create", { title: "Look at it", kind: "inspect", about: "order/17" });
		const last = ended();
		await publish(last, last);
		expect(await all()).toEqual(["pick DONE", "pack CANCELLED", "inspect OPEN"]);
		expect(await all({ about: "order/18" })).toEqual(["pick OPEN"]);
		const timers = await tasksOf(here).store.all("SELECT subject FROM timers");
		expect(timers).toEqual([{ subject: "task/2" }]);
	});

	it("and a step that is done at the same moment leave nothing open", async () => {
		await open();
		await publish(confirmed());
		await Promise.all([complete("pick").catch(() => undefined), publish(cancelled())]);
		await eventually(async () => expect((await all()).filter(task => task.endsWith("OPEN"))).toEqual([]));
	});
});

describe("a parcel", () => {
	const done = (kind: "pick" | "ship" | undefined, about?: string) =>
		event("task.completed", "task/1", {
			taskId: 1,
			task: {
				...{ id: 1, title: "It", description: "", status: "DONE", priority: "NORMAL", labels: [], checklist: [] },
				...{ kind, about, createdAt: "2026-01-02T03:04:05.678Z", updatedAt: "2026-01-02T03:04:05.678Z", version: 2 },
				completedAt: "2026-01-02T03:04:05.678Z"
			} as SoukEvent<"task.completed">["data"]["task"]
		});
	const status = async () => (await staff()("shipping.get", { id: 1 })).status;
	const book = async () => {
		here = await node([shippingService]);
		await here.call("shipping.create", { orderId: 17, userId: 1 });
	};

	it("is on its way when the task to ship it is done, once", async () => {
		await book();
		await publish(confirmed(), done("ship", "order/17"), done("ship", "order/17"));
		expect(await status()).toBe("DISPATCHED");
		await eventually(() => expect(here.of("shipment.dispatched")).toHaveLength(1));
	});

	it("waits for the news that its order is confirmed, which may come later", async () => {
		await book();
		const waits = here.publish(done("ship", "order/17"));
		await publish(confirmed());
		await waits;
		expect(await status()).toBe("DISPATCHED");
	});

	it("stays where it is when another task is done, or one about something else", async () => {
		await book();
		await publish(
			confirmed(),
			done("pick", "order/17"),
			done("ship", "order/18"),
			done("ship", "machine/17"),
			done("ship")
		);
		expect(await status()).toBe("CREATED");
	});

	it("that was cancelled or has left stays so", async () => {
		await book();
		await publish(cancelled(), done("ship", "order/17"));
		expect(await status()).toBe("CANCELLED");
	});
});
