import { runtimeOf } from "../../broker/runtime.ts";
import type { Unit } from "../../broker/sql/store.ts";
import { dueOf, following, planOf, type Step, titleOf } from "./plan.ts";
import { changed, type Details, escalatesAt, lateAt, peopleOf } from "./task.ts";
import type { Task } from "./tasks.contract.ts";
import type { TasksService } from "./tasks.service.ts";
import { insert, markRemoved, replace, subjectOf } from "./tasks.store.ts";

/** Opens a task, with what it waits for and what is said. Undefined when there is, or was, one of its kind about the same thing. */
export async function open(
	tasks: TasksService,
	unit: Unit,
	draft: Details & Pick<Task, "createdBy" | "kind" | "about">
): Promise<Task | undefined> {
	const task = await insert(unit, draft);
	if (!task) return undefined;
	await wait(tasks, unit, undefined, task);
	announce(unit, task, "created");
	return task;
}

/** Opens what people are to do next for an order; again, it is open already. */
export async function openStep(tasks: TasksService, unit: Unit, step: Step, about: string): Promise<void> {
	const { kind } = step;
	const dueAt = dueOf(step, unit.now);
	await open(tasks, unit, {
		description: "",
		priority: "NORMAL",
		labels: [],
		checklist: [],
		title: titleOf(kind, about),
		kind,
		about,
		dueAt
	});
}

/** Writes the next version of a task, with what it waits for and what is said. What is done may open what comes next. */
export async function save(
	tasks: TasksService,
	unit: Unit,
	before: Task,
	after: Task,
	what: "updated" | "completed" | "overdue" | "escalated"
): Promise<void> {
	await replace(unit, after);
	await wait(tasks, unit, before, after);
	announce(unit, after, what);
	const next = what === "completed" && following(planOf(runtimeOf(tasks.broker).env.ORDER_PLAN), after);
	if (next) await openStep(tasks, unit, next, after.about!);
}

/** Nobody has to do these any more. */
export async function callOff(tasks: TasksService, unit: Unit, open: readonly Task[]): Promise<void> {
	for (const task of open) await save(tasks, unit, task, changed(task, { status: "CANCELLED" }, unit.now)!, "updated");
}

/** Removes a task and what it waits for. */
export async function takeAway(tasks: TasksService, unit: Unit, task: Task): Promise<void> {
	await markRemoved(unit, task);
	await wait(tasks, unit, task, undefined);
	announce(unit, { ...task, updatedAt: unit.now, version: task.version + 1 }, "deleted");
}

/** Sets and takes back the timers of a task; undefined is a task that is not there. */
async function wait(tasks: TasksService, unit: Unit, before: Task | undefined, after: Task | undefined): Promise<void> {
	const subject = subjectOf((after ?? before)!.id);
	const [earlier, now] = [timesOf(tasks, before), timesOf(tasks, after)];
	for (const kind of ["due", "escalation"] as const) {
		const at = now[kind];
		if (at === earlier[kind]) continue;
		if (at === undefined) await tasks.timers.cancel(unit, kind, subject);
		else await tasks.timers.set(unit, { kind, subject, at, data: { id: after!.id } });
	}
}

/** The times that a task waits for, by the kind of timer. */
const timesOf = (
	{ broker }: TasksService,
	task: Task | undefined
): Record<"due" | "escalation", string | undefined> => ({
	due: task && lateAt(task),
	escalation: task && escalatesAt(task, runtimeOf(broker).env.TASK_ESCALATE_AFTER_SECONDS)
});

/** Announces what became of a task, to whom it concerns. */
function announce(
	unit: Unit,
	task: Task,
	what: "created" | "updated" | "completed" | "deleted" | "overdue" | "escalated"
): void {
	const [userId] = peopleOf(task);
	unit.emit(`task.${what}`, subjectOf(task.id), { taskId: task.id, userId, task }, task.version);
}
