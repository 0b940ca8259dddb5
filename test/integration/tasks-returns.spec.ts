import { eventually } from "../support/eventually.ts";
import { event, type TestNode } from "../support/node.ts";
import { board, told, user } from "../support/tasks.ts";

let here: TestNode;
beforeEach(async () => {
	here = await board();
});
afterEach(() => here.close());

const item = (name: string, quantity: number) => ({
	productId: 101,
	name,
	quantity,
	unitPrice: 5,
	total: 5 * quantity
});
const about = (returnId: number) => ({
	...{ returnId, orderId: 17, userId: 1, amount: 15, currency: "EUR" },
	items: [item("Product A", 2), item("Product B", 1)]
});
const requested = (returnId = 3) => event("return.requested", `return/${returnId}`, about(returnId));
const refused = (returnId = 3) =>
	event("return.refused", `return/${returnId}`, { ...about(returnId), refusal: "CUSTOMER" });
const staff = () => user(here, 3);
const all = async () =>
	(await staff()("tasks.list", { kind: "inspect" })).items
		.toReversed()
		.map(({ about, status }) => `${about} ${status}`);

describe("a return", () => {
	it("opens a task to inspect it, line by line, once, without any plan", async () => {
		const one = { ...requested(), time: "2099-01-01T12:00:00.000Z" };
		for (const said of [one, one, requested()]) await here.publish(said);
		const { items } = await staff()("tasks.list", {});
		expect(items).toMatchObject([
			{
				title: "Inspect return 3 of order 17",
				kind: "inspect",
				about: "return/3",
				status: "OPEN",
				dueAt: "2099-01-15T12:00:00.000Z",
				checklist: [
					{ text: "2 × Product A", done: false },
					{ text: "1 × Product B", done: false }
				]
			}
		]);
		expect(await told(here)).toEqual(["task.created task/1 v1"]);
	});

	it("that is given up leaves nothing to inspect, and that is said once", async () => {
		for (const said of [requested(), requested(4)]) await here.publish(said);
		await staff()("tasks.update", { id: 1, status: "IN_PROGRESS" });
		const one = refused();
		for (const said of [one, one, refused()]) await here.publish(said);
		expect(await all()).toEqual(["return/3 CANCELLED", "return/4 OPEN"]);
		expect(await told(here)).toEqual([
			"task.created task/1 v1",
			"task.created task/2 v1",
			"task.updated task/1 v2",
			"task.updated task/1 v3"
		]);
	});

	it("that is refused after its inspection, or whose task was removed, changes no task", async () => {
		for (const id of [3, 4]) await here.publish(requested(id));
		await staff()("tasks.complete", { id: 1 });
		await staff()("tasks.remove", { id: 2 });
		for (const id of [3, 4, 5]) await here.publish(refused(id));
		expect(await all()).toEqual(["return/3 DONE"]);
	});

	it("that is given up while it is inspected is one or the other", async () => {
		await here.publish(requested());
		await Promise.all([staff()("tasks.complete", { id: 1 }).catch(() => undefined), here.publish(refused())]);
		await eventually(async () => expect((await all())[0]).toMatch(/DONE|CANCELLED/));
	});
});
