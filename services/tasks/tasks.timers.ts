import { runtimeOf } from "../../broker/runtime.ts";
import type { Unit } from "../../broker/sql/store.ts";
import type { TimerHandler } from "../../mixins/timers.mixin.ts";
import { escalated, escalatesAt, late, lateAt, peopleOf } from "./task.ts";
import type { Task } from "./tasks.contract.ts";
import type { TasksService } from "./tasks.service.ts";
import { lookUp, replace, subjectOf } from "./tasks.store.ts";

type Saying = "created" | "updated" | "completed" | "deleted" | "overdue" | "escalated";

/** Announces what became of a task, to whom it concerns. */
export function announce(unit: Unit, task: Task, what: Saying): void {
	const [userId] = peopleOf(task);
	unit.emit(`task.${what}`, subjectOf(task.id), { taskId: task.id, userId, task }, task.version);
}

/** The times that a task waits for, by the kind of timer. */
const awaited = (
	{ broker }: TasksService,
	task: Task | undefined
): Record<"due" | "escalation", string | undefined> => ({
	due: task && lateAt(task),
	escalation: task && escalatesAt(task, runtimeOf(broker).env.TASK_ESCALATE_AFTER_SECONDS)
});

/** Sets and takes back what a task waits for, in the unit that changes it; undefined is a task that is not there. */
export async function wait(tasks: TasksService, unit: Unit, before: Task | undefined, after: Task | undefined) {
	const { id } = (after ?? before)!;
	const subject = subjectOf(id);
	const [earlier, now] = [awaited(tasks, before), awaited(tasks, after)];
	for (const kind of ["due", "escalation"] as const) {
		const at = now[kind];
		if (at === earlier[kind]) continue;
		if (at === undefined) await tasks.timers.cancel(unit, kind, subject);
		else await tasks.timers.set(unit, { kind, subject, at, data: { id } });
	}
}

/** Writes the next version of a task, with what it waits for and what is to be said. */
export async function save(tasks: TasksService, unit: Unit, before: Task, after: Task, what: Saying): Promise<void> {
	await replace(unit, after);
	await wait(tasks, unit, before, after);
	announce(unit, after, what);
}

/** The due time has passed: that is said once, and the task waits to be escalated. */
export const onDue: TimerHandler<TasksService, { id: number }> = async function ({ at, data }, unit) {
	const task = await lookUp(unit, data.id);
	if (task && lateAt(task) === at) await save(this, unit, task, late(task, unit.now), "overdue");
};

/** Nobody has done it since: it becomes more urgent, once. */
export const onEscalation: TimerHandler<TasksService, { id: number }> = async function ({ data }, unit) {
	const task = await lookUp(unit, data.id);
	if (task && escalatesAt(task, 0) !== undefined) await save(this, unit, task, escalated(task, unit.now), "escalated");
};
