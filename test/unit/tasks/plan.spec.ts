import { dueOf, following, type Kind, planOf, titleOf } from "../../../services/tasks/plan.ts";

const plan = planOf("pick:3600,pack,ship:60");
const after = (kind: Kind | undefined, about: string | undefined) => following(plan, { kind, about })?.kind;

describe("the plan of an order", () => {
	it("goes from one step to the next, and ends", () => {
		const order = "order/17";
		expect([after("pick", order), after("pack", order), after("ship", order)]).toEqual(["pack", "ship", undefined]);
	});

	it("is followed by none but its own tasks", () => {
		expect([after("inspect", "order/17"), after(undefined, "order/17"), after("pick", undefined)]).toEqual([
			undefined,
			undefined,
			undefined
		]);
		expect(after("pick", "machine/17")).toBeUndefined();
		expect(following(planOf(""), { kind: "pick", about: "order/17" })).toBeUndefined();
	});

	it("says what is to be done, and in how much time from when it can be begun", () => {
		expect(titleOf("pick", "order/17")).toBe("Pick order 17");
		expect(plan.map(step => dueOf(step, "2026-01-02T03:04:05.678Z"))).toEqual([
			"2026-01-02T04:04:05.678Z",
			undefined,
			"2026-01-02T03:05:05.678Z"
		]);
	});
});
