import type { TimerHandler } from "../../mixins/timers.mixin.ts";
import { escalated, escalatesAt, late, lateAt } from "./task.ts";
import { save } from "./tasks.changes.ts";
import type { TasksService } from "./tasks.service.ts";
import { lookUp } from "./tasks.store.ts";

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
