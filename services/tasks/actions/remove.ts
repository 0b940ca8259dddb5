import type { Handler } from "../../../broker/service.ts";
import { takeAway } from "../tasks.changes.ts";
import { assertVersion } from "../tasks.guards.ts";
import type { TasksService } from "../tasks.service.ts";
import { find } from "../tasks.store.ts";

/** Removes a task. What would have followed from it does not. */
export const remove: Handler<"tasks.remove", TasksService> = function (ctx) {
	return this.store.transact(ctx, async unit => {
		const task = await find(unit, ctx.params.id);
		ctx.assertOwner(task.createdBy ?? 0);
		assertVersion(ctx, task);
		await takeAway(this, unit, task);
		return null;
	});
};
