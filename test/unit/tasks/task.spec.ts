import fc from "fast-check";
import {
	type Changes,
	changed,
	escalated,
	escalatesAt,
	isOpen,
	labelsOf,
	late,
	lateAt,
	peopleOf,
	raised,
	type Status
} from "../../../services/tasks/task.ts";
import { Priority, Status as Statuses, Task } from "../../../services/tasks/tasks.contract.ts";

const then = "2026-01-02T03:04:05.678Z";
const now = "2026-02-03T04:05:06.789Z";
const due = "2026-01-31T00:00:00.000Z";
const task = (more: Partial<Task> = {}): Task => ({
	id: 17,
	title: "Pack it",
	description: "",
	status: "OPEN",
	priority: "NORMAL",
	labels: [],
	checklist: [],
	createdBy: 1,
	createdAt: then,
	updatedAt: then,
	version: 1,
	...more
});
const outcome = (from: Status, to: Status): string => {
	try {
		return changed(task({ status: from, completedAt: from === "DONE" ? then : undefined }), { status: to }, now)
			? "moves"
			: "stays";
	} catch (error) {
		return (error as { type: string }).type;
	}
};

describe("the status of a task", () => {
	it("goes forward only, and nowhere once there is nothing to do any more", () => {
		const table = Statuses.options.map(from => [from, Statuses.options.map(to => outcome(from, to))]);
		expect(Object.fromEntries(table)).toEqual({
			OPEN: ["stays", "moves", "moves", "moves"],
			IN_PROGRESS: ["TASK_BEGUN", "stays", "moves", "moves"],
			DONE: ["TASK_CLOSED", "TASK_CLOSED", "stays", "TASK_CLOSED"],
			CANCELLED: ["TASK_CLOSED", "TASK_CLOSED", "TASK_CLOSED", "stays"]
		});
	});

	it("says when it was done", () => {
		expect(changed(task(), { status: "DONE" }, now)).toMatchObject({ completedAt: now, updatedAt: now, version: 2 });
		expect(changed(task(), { status: "CANCELLED" }, now)?.completedAt).toBeUndefined();
	});
});

const changes: fc.Arbitrary<Changes> = fc.record(
	{
		title: fc.constantFrom("Pack it", "Pack all"),
		status: fc.constantFrom(...Statuses.options),
		priority: fc.constantFrom(...Priority.options),
		categoryId: fc.constantFrom(null, 1, 2),
		labels: fc.array(fc.constantFrom("a", "b"), { maxLength: 3 }),
		assigneeId: fc.constantFrom(null, 1, 2),
		dueAt: fc.constantFrom(null, due, now)
	},
	{ requiredKeys: [] }
);
type Step = Changes | "late" | "escalated";
const steps = fc.array(fc.oneof(changes, fc.constantFrom<Step>("late", "escalated")), { maxLength: 30 });

/** What happens to a task, as far as it can. */
function after(before: Task, step: Step): Task {
	if (step === "late") return lateAt(before) === undefined ? before : late(before, now);
	if (step === "escalated") return escalatesAt(before, 60) === undefined ? before : escalated(before, now);
	try {
		return changed(before, step, now) ?? before;
	} catch {
		return before;
	}
}

describe("whatever is done to a task", () => {
	it("it is what its contract says, and each change is one version", () => {
		fc.assert(
			fc.property(steps, all => {
				let it = task();
				for (const step of all) {
					const next = after(it, step);
					expect(Task.safeParse(next).error).toBeUndefined();
					expect(next.version - it.version).toBe(next === it ? 0 : 1);
					it = next;
				}
			})
		);
	});

	it("it stays as it is once it is done or cancelled", () => {
		fc.assert(
			fc.property(steps, steps, (before, later) => {
				const it = before.reduce(after, task());
				if (!isOpen(it)) expect(later.reduce(after, it)).toBe(it);
			})
		);
	});

	it("it is late once for each due time, and escalated once for each time it is late", () => {
		fc.assert(
			fc.property(steps, all => {
				let it = task();
				let dues = 0;
				let lates = 0;
				let escalations = 0;
				for (const step of all) {
					const next = after(it, step);
					if (next.dueAt !== undefined && next.dueAt !== it.dueAt) dues++;
					if (next !== it && step === "late") lates++;
					if (next !== it && step === "escalated") escalations++;
					it = next;
				}
				expect(lates).toBeLessThanOrEqual(dues);
				expect(escalations).toBeLessThanOrEqual(lates);
			})
		);
	});

	it("it waits for one thing at most: to be late, or to be escalated", () => {
		fc.assert(
			fc.property(steps, all => {
				const it = all.reduce(after, task());
				const waits = [lateAt(it), escalatesAt(it, 60)].filter(at => at !== undefined);
				expect(waits.length).toBeLessThanOrEqual(isOpen(it) && it.dueAt !== undefined ? 1 : 0);
			})
		);
	});
});

describe("changing a task", () => {
	it("is no change when everything is as it was", () => {
		const it = task({ labels: ["a", "b"], dueAt: due, assigneeId: 2 });
		expect(changed(it, { title: "Pack it", labels: ["b", "a", "a"], dueAt: due, assigneeId: 2 }, now)).toBeUndefined();
		expect(changed(task({ status: "DONE", completedAt: then }), {}, now)).toBeUndefined();
	});

	it("takes away what is null, and leaves what is not given", () => {
		const it = task({ dueAt: due, assigneeId: 2, categoryId: 3, description: "All of it" });
		const next = changed(it, { dueAt: null, assigneeId: null, categoryId: null }, now);
		expect(JSON.parse(JSON.stringify(next))).toEqual({
			...task({ description: "All of it" }),
			updatedAt: now,
			version: 2
		});
	});

	it("to another due time lets it be late anew", () => {
		const it = escalated(late(task({ dueAt: due }), now), now);
		expect([lateAt(it), escalatesAt(it, 60)]).toEqual([undefined, undefined]);
		const next = changed(it, { dueAt: now }, now)!;
		expect([lateAt(next), next.overdueAt, next.escalatedAt]).toEqual([now, undefined, undefined]);
	});
});

it("a task that is late is escalated so many seconds later", () => {
	expect(escalatesAt(late(task({ dueAt: due }), now), 90)).toBe("2026-02-03T04:06:36.789Z");
	expect(escalatesAt(task({ dueAt: due }), 90)).toBeUndefined();
});

it("a priority rises by one, and never above the highest", () => {
	expect(Priority.options.map(raised)).toEqual(["NORMAL", "HIGH", "URGENT", "URGENT"]);
	expect(escalated(task(), now)).toMatchObject({ priority: "HIGH", escalatedAt: now });
});

it("labels are kept once each, in order", () => {
	expect(labelsOf(["b", "a", "b"])).toEqual(["a", "b"]);
});

it("a task concerns who has it to do before who opened it", () => {
	expect(peopleOf(task({ assigneeId: 2 }))).toEqual([2, 1]);
	expect(peopleOf(task({ createdBy: undefined }))).toEqual([]);
});
