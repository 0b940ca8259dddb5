import { z } from "zod";
import { contract, events, type ActionsOf, type EventsOf } from "../../broker/contract.ts";
import { VersionConflict } from "../../broker/errors.ts";
import { ById, Id, Line, PageQuery, pageOf, TextId, Time } from "../../broker/schemas.ts";
import {
	AssigneeUnknown,
	CategoryExists,
	CategoryNotFound,
	CategoryUnknown,
	TaskBegun,
	TaskClosed,
	TaskExists,
	TaskNotFound
} from "./tasks.errors.ts";

export const Status = z.enum(["OPEN", "IN_PROGRESS", "DONE", "CANCELLED"]);
export const Priority = z.enum(["LOW", "NORMAL", "HIGH", "URGENT"]);
/** What is to be done with what the task is about. */
export const Kind = z.enum(["pick", "pack", "ship", "inspect", "review"]);
const About = z.string().regex(/^[a-z]{1,20}\/[1-9]\d{0,15}$/, "is a thing and its id as in order/17");
const Label = z.string().regex(/^[a-z0-9][a-z0-9-]{0,39}$/, "is small letters, digits and hyphens");
const Text = z
	.string()
	.trim()
	.max(10_000)
	.regex(/^(?:[^\p{Cc}\p{Cs}]|[\t\r\n])*$/u, "has characters that are not text");
/** A time as people write it, with any offset; kept in UTC. */
const Moment = z.iso
	.datetime({ offset: true })
	.transform(text => new Date(text).toISOString())
	.pipe(Time);

export const Task = z
	.strictObject({
		id: Id,
		title: z.string(),
		description: z.string(),
		status: Status,
		priority: Priority,
		categoryId: Id.optional(),
		labels: z.array(z.string()),
		checklist: z.array(z.strictObject({ text: z.string(), done: z.boolean() })),
		assigneeId: Id.optional(),
		createdBy: Id.optional().describe("Absent when no person opened it"),
		kind: Kind.optional(),
		about: z.string().optional(),
		dueAt: Time.optional(),
		overdueAt: Time.optional().describe("When its due time passed while it was open"),
		escalatedAt: Time.optional(),
		completedAt: Time.optional(),
		createdAt: Time,
		updatedAt: Time,
		version: z.int().positive()
	})
	.meta({ id: "Task" });
export type Task = z.output<typeof Task>;

export const Category = z
	.strictObject({
		id: Id,
		name: z.string(),
		description: z.string(),
		createdAt: Time,
		updatedAt: Time,
		version: z.int().positive()
	})
	.meta({ id: "Category" });
export type Category = z.output<typeof Category>;

const Labels = z.array(Label).max(20);
const Checklist = z.array(z.strictObject({ text: Line(), done: z.boolean().default(false) })).max(100);
const category = { name: Line(60), description: Text.default("") };

const everyone = { roles: ["customer", "staff"] } as const;
const theirs = { roles: ["staff"], owner: true } as const;
const staff = { roles: ["staff"] } as const;

export const tasks = contract("tasks", {
	list: {
		summary: "The newest tasks first: those that the caller opened or has to do; for staff, everybody's",
		params: z.strictObject({
			...PageQuery,
			status: Status.optional(),
			priority: Priority.optional(),
			assigneeId: TextId.optional(),
			categoryId: TextId.optional(),
			label: Label.optional(),
			kind: Kind.optional(),
			about: About.optional(),
			dueBefore: Moment.optional(),
			dueAfter: Moment.optional()
		}),
		result: pageOf(Task),
		rest: "GET /tasks",
		access: everyone
	},
	listOfUser: {
		summary: "The tasks that one user opened or has to do",
		params: ById.extend(PageQuery),
		result: pageOf(Task),
		rest: "GET /users/:id/tasks",
		access: { roles: ["staff"], owner: true }
	},
	get: {
		summary: "One task",
		params: ById,
		result: Task,
		rest: "GET /tasks/:id",
		access: theirs,
		refuses: [TaskNotFound]
	},
	create: {
		summary: "Opens a task. Customers open their own; staff give tasks to anybody, once for each kind and thing",
		params: z.strictObject({
			title: Line(),
			description: Text.default(""),
			priority: Priority.default("NORMAL"),
			categoryId: Id.optional(),
			labels: Labels.default([]),
			checklist: Checklist.default([]),
			assigneeId: Id.optional(),
			dueAt: Moment.optional(),
			kind: Kind.optional(),
			about: About.optional()
		}),
		result: Task,
		rest: "POST /tasks",
		status: 201,
		access: everyone,
		idempotencyKey: "optional",
		refuses: [AssigneeUnknown, CategoryUnknown, TaskExists]
	},
	update: {
		summary: "Changes what is given of a task; null takes it away. What is done or cancelled stays as it is",
		params: ById.extend({
			title: Line().optional(),
			description: Text.optional(),
			status: Status.optional(),
			priority: Priority.optional(),
			categoryId: Id.nullable().optional(),
			labels: Labels.optional(),
			checklist: Checklist.optional(),
			assigneeId: Id.nullable().optional(),
			dueAt: Moment.nullable().optional()
		}),
		result: Task,
		rest: "PUT /tasks/:id",
		access: theirs,
		refuses: [TaskNotFound, TaskClosed, TaskBegun, AssigneeUnknown, CategoryUnknown, VersionConflict]
	},
	complete: {
		summary: "A task is done; asked for again, it is done already",
		params: ById,
		result: Task,
		rest: "POST /tasks/:id/complete",
		access: theirs,
		idempotencyKey: "optional",
		refuses: [TaskNotFound, TaskClosed, VersionConflict]
	},
	remove: {
		summary: "Removes a task; whoever has it to do does not, unless they opened it",
		params: ById,
		result: z.null(),
		rest: "DELETE /tasks/:id",
		status: 204,
		access: theirs,
		refuses: [TaskNotFound, VersionConflict]
	},
	listCategories: {
		summary: "What tasks are sorted by",
		params: z.strictObject(PageQuery),
		result: pageOf(Category),
		rest: "GET /categories",
		access: everyone
	},
	createCategory: {
		summary: "Adds a category",
		params: z.strictObject(category),
		result: Category,
		rest: "POST /categories",
		status: 201,
		access: staff,
		idempotencyKey: "optional",
		refuses: [CategoryExists]
	},
	updateCategory: {
		summary: "Replaces what is said of a category",
		params: ById.extend(category),
		result: Category,
		rest: "PUT /categories/:id",
		access: staff,
		refuses: [CategoryNotFound, CategoryExists, VersionConflict]
	},
	removeCategory: {
		summary: "Takes a category out of use; tasks that have it keep it",
		params: ById,
		result: z.null(),
		rest: "DELETE /categories/:id",
		status: 204,
		access: staff,
		refuses: [CategoryNotFound, VersionConflict]
	}
});

const about = {
	taskId: Id,
	/** Whom it concerns: who has it to do, or else who opened it. Absent when that is nobody yet. */
	userId: Id.optional(),
	task: Task
};

export const taskEvents = events("task", {
	created: z.strictObject(about),
	updated: z.strictObject(about),
	completed: z.strictObject(about),
	deleted: z.strictObject(about),
	/** Once for each due time that passes while the task is open. */
	overdue: z.strictObject(about),
	/** A while after that, if it is still open; its priority has risen. */
	escalated: z.strictObject(about)
});

export const categoryEvents = events("category", {
	changed: z.strictObject({ category: Category, change: z.enum(["created", "updated", "removed"]) })
});

declare module "../../broker/contract.ts" {
	interface Actions extends ActionsOf<typeof tasks> {}
	interface Events extends EventsOf<typeof taskEvents>, EventsOf<typeof categoryEvents> {}
}
