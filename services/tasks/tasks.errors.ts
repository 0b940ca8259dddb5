import { Refusal } from "../../broker/errors.ts";

export class TaskNotFound extends Refusal {
	constructor(id: number) {
		super(`There is no task ${id}`, 404, "TASK_NOT_FOUND", { id });
	}
}

/** The task is done or cancelled: it stays as it is. */
export class TaskClosed extends Refusal {
	constructor(id: number, status: string) {
		super(`Task ${id} is ${status}`, 409, "TASK_CLOSED", { id, status });
	}
}

/** What was begun is not open again. */
export class TaskBegun extends Refusal {
	constructor(id: number) {
		super(`Task ${id} has been begun`, 409, "TASK_BEGUN", { id });
	}
}

/** There is, or was, a task of this kind about the same thing. */
export class TaskExists extends Refusal {
	constructor(kind: string, about: string) {
		super(`There is a task to ${kind} ${about} already`, 409, "TASK_EXISTS", { kind, about });
	}
}

/** Nobody has this id who could do a task. */
export class AssigneeUnknown extends Refusal {
	constructor(id: number) {
		super(`There is no user ${id}`, 422, "ASSIGNEE_UNKNOWN", { id });
	}
}

export class CategoryNotFound extends Refusal {
	constructor(id: number) {
		super(`There is no category ${id}`, 404, "CATEGORY_NOT_FOUND", { id });
	}
}

/** A task is to get a category that there is not, or not any more. */
export class CategoryUnknown extends Refusal {
	constructor(id: number) {
		super(`There is no category ${id}`, 422, "CATEGORY_UNKNOWN", { id });
	}
}

/** Another category has this name. */
export class CategoryExists extends Refusal {
	constructor(name: string) {
		super(`There is a category ${name} already`, 409, "CATEGORY_EXISTS", { name });
	}
}
