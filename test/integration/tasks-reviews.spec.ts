import { event, type TestNode } from "../support/node.ts";
import { board, told, user } from "../support/tasks.ts";

let here: TestNode;
beforeEach(async () => {
	here = await board();
});
afterEach(() => here.close());

const about = { orderId: 17, userId: 1, total: 5_000, currency: "EUR" };
const held = () => ({
	...event("order.held", "order/17", { ...about, heldFor: ["REVIEW"], heldUntil: "2099-01-15T12:00:00.000Z" }),
	time: "2099-01-01T12:00:00.000Z"
});

describe("an order that is held", () => {
	it("opens one task to review it, late when half of its time is over", async () => {
		const one = held();
		for (const said of [one, one, held()]) await here.publish(said);
		expect((await user(here, 3)("tasks.list", {})).items).toMatchObject([
			{
				title: "Review order 17: its total is above the limit",
				kind: "review",
				about: "order/17",
				status: "OPEN",
				dueAt: "2099-01-08T12:00:00.000Z"
			}
		]);
		expect(await told(here)).toEqual(["task.created task/1 v1"]);
	});
});
