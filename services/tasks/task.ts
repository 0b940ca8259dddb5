import type { Task } from "./tasks.contract.ts";
import { TaskBegun, TaskClosed } from "./tasks.errors.ts";

export type Status = Task["status"];
export type Priority = Task["priority"];

const PRIORITIES: readonly Priority[] = ["LOW", "NORMAL", "HIGH", "URGENT"];

/** What a person says of a task. */
export type Details = Pick<
	Task,
	"title" | "description" | "priority" | "categoryId" | "labels" | "checklist" | "assigneeId" | "dueAt"
>;

/** What can be changed of a task; null takes it away. */
export interface Changes {
	title?: string | undefined;
	description?: string | undefined;
	status?: Status | undefined;
	priority?: Priority | undefined;
	categoryId?: number | null | undefined;
	labels?: string[] | undefined;
	checklist?: Task["checklist"] | undefined;
	assigneeId?: number | null | undefined;
	dueAt?: string | null | undefined;
}

/** Whether there is still something to do. */
export const isOpen = ({ status }: Pick<Task, "status">): boolean => status === "OPEN" || status === "IN_PROGRESS";

/** Labels as they are kept: each once, in order. */
export const labelsOf = (given: readonly string[]): string[] => [...new Set(given)].sort();

/** The next priority; above the highest there is none. */
export const raised = (priority: Priority): Priority => PRIORITIES[PRIORITIES.indexOf(priority) + 1] ?? priority;

/** The people whose task it is: who opened it and who has it to do. */
export const peopleOf = ({ createdBy, assigneeId }: Pick<Task, "createdBy" | "assigneeId">): number[] =>
	[assigneeId, createdBy].filter(id => id !== undefined);

/** What was given, or what was there; null is nothing. */
const over = <T>(given: T | null | undefined, before: T | undefined): T | undefined =>
	given === undefined ? before : (given ?? undefined);

/**
 * A task with some things changed: its next version, or undefined when nothing is different. Another due time is one that it
 * can be late for anew. Throws TaskClosed and TaskBegun.
 */
export function changed(before: Task, changes: Changes, at: string): Task | undefined {
	const next: Task = {
		...before,
		title: changes.title ?? before.title,
		description: changes.description ?? before.description,
		status: changes.status ?? before.status,
		priority: changes.priority ?? before.priority,
		categoryId: over(changes.categoryId, before.categoryId),
		labels: changes.labels ? labelsOf(changes.labels) : before.labels,
		checklist: changes.checklist ?? before.checklist,
		assigneeId: over(changes.assigneeId, before.assigneeId),
		dueAt: over(changes.dueAt, before.dueAt)
	};
	if (JSON.stringify(next) === JSON.stringify(before)) return undefined;
	if (!isOpen(before)) throw new TaskClosed(before.id, before.status);
	if (next.status === "OPEN" && before.status !== "OPEN") throw new TaskBegun(before.id);
	if (next.status === "DONE") next.completedAt = at;
	if (next.dueAt !== before.dueAt) next.overdueAt = next.escalatedAt = undefined;
	return following(next, at);
}

/** When a task will be late: its due time, until that has passed or there is nothing to do any more. */
export const lateAt = (task: Task): string | undefined =>
	isOpen(task) && task.overdueAt === undefined ? task.dueAt : undefined;

/** A task whose due time has passed. */
export const late = (task: Task, at: string): Task => following({ ...task, overdueAt: at }, at);

/** When a task that is late is made more urgent, so many seconds after it was said to be late. */
export const escalatesAt = (task: Task, afterSeconds: number): string | undefined =>
	isOpen(task) && task.overdueAt !== undefined && task.escalatedAt === undefined
		? new Date(Date.parse(task.overdueAt) + afterSeconds * 1_000).toISOString()
		: undefined;

/** A task that was late for too long: more urgent than before. */
export const escalated = (task: Task, at: string): Task =>
	following({ ...task, escalatedAt: at, priority: raised(task.priority) }, at);

const following = (task: Task, at: string): Task => ({ ...task, updatedAt: at, version: task.version + 1 });
