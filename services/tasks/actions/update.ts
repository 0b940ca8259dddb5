import type { Handler } from "../../../broker/service.ts";
import { lookUpCategory } from "../categories.store.ts";
import { changed } from "../task.ts";
import { save } from "../tasks.changes.ts";
import { AssigneeUnknown, CategoryUnknown } from "../tasks.errors.ts";
import { assertMayAssign, assertTheirs, assertVersion, exists } from "../tasks.guards.ts";
import type { TasksService } from "../tasks.service.ts";
import { find } from "../tasks.store.ts";

/** Changes a task. What is as it was is no change: it makes no version and no event. */
export const update: Handler<"tasks.update", TasksService> = async function (ctx) {
	const { id, ...changes } = ctx.params;
	const { assigneeId, categoryId } = changes;
	const known = await exists(ctx, assigneeId);
	return this.store.transact(ctx, async unit => {
		const before = await find(unit, id);
		assertTheirs(ctx, before);
		assertVersion(ctx, before);
		assertMayAssign(ctx, assigneeId, before.assigneeId);
		const after = changed(before, changes, unit.now);
		if (!after) return before;
		if (!known && after.assigneeId !== before.assigneeId) throw new AssigneeUnknown(assigneeId!);
		if (categoryId && categoryId !== before.categoryId && !(await lookUpCategory(unit, categoryId)))
			throw new CategoryUnknown(categoryId);
		await save(this, unit, before, after, after.status === "DONE" ? "completed" : "updated");
		return after;
	});
};
