import type { Value } from "../../broker/sql/sql.ts";
import type { Store, Unit } from "../../broker/sql/store.ts";
import type { Page } from "../../mixins/store.mixin.ts";
import { type Details, labelsOf } from "./task.ts";
import type { Task } from "./tasks.contract.ts";
import { pageFrom } from "../../broker/page.ts";
import { TaskNotFound } from "./tasks.errors.ts";

interface TaskRow {
	id: number;
	title: string;
	description: string;
	status: Task["status"];
	priority: Task["priority"];
	category_id: number | null;
	/** With a comma before and after each. */
	labels: string;
	checklist: string;
	assignee_id: number | null;
	created_by: number | null;
	kind: Task["kind"] | null;
	about: string | null;
	due_at: string | null;
	overdue_at: string | null;
	escalated_at: string | null;
	completed_at: string | null;
	created_at: string;
	updated_at: string;
	version: number;
}

const HERE = "SELECT * FROM tasks WHERE removed_at IS NULL";

const toTask = (row: TaskRow): Task => ({
	id: row.id,
	title: row.title,
	description: row.description,
	status: row.status,
	priority: row.priority,
	categoryId: row.category_id ?? undefined,
	labels: row.labels.split(",").filter(Boolean),
	checklist: JSON.parse(row.checklist) as Task["checklist"],
	assigneeId: row.assignee_id ?? undefined,
	createdBy: row.created_by ?? undefined,
	kind: row.kind ?? undefined,
	about: row.about ?? undefined,
	dueAt: row.due_at ?? undefined,
	overdueAt: row.overdue_at ?? undefined,
	escalatedAt: row.escalated_at ?? undefined,
	completedAt: row.completed_at ?? undefined,
	createdAt: row.created_at,
	updatedAt: row.updated_at,
	version: row.version
});

/** What a subject of a task's events and timers is called. */
export const subjectOf = (id: number): string => `task/${id}`;

const kept = (labels: readonly string[]): string => (labels.length === 0 ? "" : `,${labels.join(",")},`);

/** One task; undefined when there is none, or none any more. */
export async function lookUp(sql: Pick<Store | Unit, "get">, id: number): Promise<Task | undefined> {
	const row = await sql.get<TaskRow>(`${HERE} AND id = ?`, [id]);
	return row && toTask(row);
}

/** One task. Throws TaskNotFound. */
export async function find(sql: Pick<Store | Unit, "get">, id: number): Promise<Task> {
	const task = await lookUp(sql, id);
	if (!task) throw new TaskNotFound(id);
	return task;
}

export interface Filters {
	status?: Task["status"] | undefined;
	priority?: Task["priority"] | undefined;
	assigneeId?: number | undefined;
	categoryId?: number | undefined;
	label?: string | undefined;
	kind?: Task["kind"];
	about?: string | undefined;
	dueBefore?: string | undefined;
	dueAfter?: string | undefined;
	/** Only tasks that are this user's to do, or that they opened. */
	of?: number | undefined;
}

/** What each filter asks for; the value stands for every question mark. */
const FILTERS: { [Name in keyof Required<Filters>]: string } = {
	status: "status = ?",
	priority: "priority = ?",
	assigneeId: "assignee_id = ?",
	categoryId: "category_id = ?",
	// No label has a wildcard in it.
	label: "labels LIKE '%,' || ? || ',%'",
	kind: "kind = ?",
	about: "about = ?",
	dueBefore: "due_at < ?",
	dueAfter: "due_at > ?",
	of: "(assignee_id = ? OR created_by = ?)"
};

/** A page of tasks, the newest first. */
export async function page(
	store: Store,
	filters: Filters,
	{ limit, after }: { limit: number; after?: number | undefined }
): Promise<Page<Task>> {
	const conditions = [HERE];
	const values: Value[] = [];
	for (const [name, condition] of Object.entries(FILTERS)) {
		const value = filters[name as keyof Filters];
		if (value === undefined) continue;
		conditions.push(condition);
		for (const _ of condition.matchAll(/\?/g)) values.push(value);
	}
	if (after !== undefined) conditions.push("id < ?");
	const rows = await store.all<TaskRow>(`${conditions.join(" AND ")} ORDER BY id DESC LIMIT ?`, [
		...values,
		...(after === undefined ? [] : [after]),
		limit + 1
	]);
	return pageFrom(rows, limit, toTask);
}

/** The tasks that a user opened or has to do. */
export async function ofUser(unit: Unit, userId: number): Promise<Task[]> {
	const rows = await unit.all<TaskRow>(`${HERE} AND ${FILTERS.of} ORDER BY id`, [userId, userId]);
	return rows.map(toTask);
}

const STILL = `${HERE} AND about = ? AND status IN ('OPEN', 'IN_PROGRESS')`;

/** What people still have to do so that an order leaves. */
export async function fulfilling(unit: Unit, about: string): Promise<Task[]> {
	const rows = await unit.all<TaskRow>(`${STILL} AND kind IN ('pick', 'pack', 'ship') ORDER BY id`, [about]);
	return rows.map(toTask);
}

/** What people still have to do so that a held order goes on. */
export async function reviewing(unit: Unit, about: string): Promise<Task[]> {
	const rows = await unit.all<TaskRow>(`${STILL} AND kind = 'review'`, [about]);
	return rows.map(toTask);
}

/** Writes a new task. Undefined when there is, or was, one of its kind about the same thing. */
export async function insert(
	unit: Unit,
	{ labels, checklist, ...task }: Details & Pick<Task, "createdBy" | "kind" | "about">
): Promise<Task | undefined> {
	const row = await unit.get<TaskRow>(
		`INSERT INTO tasks (title, description, status, priority, category_id, labels, checklist, assignee_id, created_by,
			kind, about, due_at, created_at, updated_at, version)
		VALUES (?, ?, 'OPEN', ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1) ON CONFLICT (about, kind) DO NOTHING RETURNING *`,
		[
			task.title,
			task.description,
			task.priority,
			task.categoryId ?? null,
			kept(labelsOf(labels)),
			JSON.stringify(checklist),
			task.assigneeId ?? null,
			task.createdBy ?? null,
			task.kind ?? null,
			task.about ?? null,
			task.dueAt ?? null,
			unit.now,
			unit.now
		]
	);
	return row && toTask(row);
}

/** Writes the next version of a task. */
export async function replace(unit: Unit, task: Task): Promise<void> {
	await unit.run(
		`UPDATE tasks SET title = ?, description = ?, status = ?, priority = ?, category_id = ?, labels = ?, checklist = ?,
			assignee_id = ?, due_at = ?, overdue_at = ?, escalated_at = ?, completed_at = ?, updated_at = ?, version = ?
		WHERE id = ? AND version = ?`,
		[
			task.title,
			task.description,
			task.status,
			task.priority,
			task.categoryId ?? null,
			kept(task.labels),
			JSON.stringify(task.checklist),
			task.assigneeId ?? null,
			task.dueAt ?? null,
			task.overdueAt ?? null,
			task.escalatedAt ?? null,
			task.completedAt ?? null,
			task.updatedAt,
			task.version,
			task.id,
			task.version - 1
		]
	);
}

/** Empties a task and hides it. Its row stays, so that what it was opened for does not open it again. */
export async function markRemoved(unit: Unit, { id, version }: Task): Promise<void> {
	await unit.run(
		`UPDATE tasks SET removed_at = ?, updated_at = ?, title = '', description = '', labels = '', checklist = '[]',
			version = version + 1 WHERE id = ? AND version = ?`,
		[unit.now, unit.now, id, version]
	);
}

/** What people still have to inspect of a return. */
export async function inspecting(unit: Unit, about: string): Promise<Task[]> {
	const rows = await unit.all<TaskRow>(`${STILL} AND kind = 'inspect'`, [about]);
	return rows.map(toTask);
}
