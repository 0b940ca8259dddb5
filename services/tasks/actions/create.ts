import { Forbidden } from "../../../broker/errors.ts";
import type { Handler } from "../../../broker/service.ts";
import { lookUpCategory } from "../categories.store.ts";
import { open } from "../tasks.changes.ts";
import { AssigneeUnknown, CategoryUnknown, TaskExists } from "../tasks.errors.ts";
import { assertMayAssign, exists } from "../tasks.guards.ts";
import type { TasksService } from "../tasks.service.ts";

/** Opens a task. Its due time waits from then on. */
export const create: Handler<"tasks.create", TasksService> = async function (ctx) {
	const { kind, about, categoryId, assigneeId } = ctx.params;
	assertMayAssign(ctx, assigneeId);
	if ((kind ?? about) !== undefined && !ctx.is("staff")) throw new Forbidden("tasks.create");
	const known = await exists(ctx, assigneeId);
	const createdBy = ctx.identity.kind === "user" ? ctx.identity.userId : undefined;
	return this.store.transact(ctx, async unit => {
		// Inside, where a repeated key is answered first: the user and the category may have gone since.
		if (!known) throw new AssigneeUnknown(assigneeId!);
		if (categoryId !== undefined && !(await lookUpCategory(unit, categoryId))) throw new CategoryUnknown(categoryId);
		const task = await open(this, unit, { ...ctx.params, createdBy });
		if (!task) throw new TaskExists(kind!, about!);
		return task;
	});
};
