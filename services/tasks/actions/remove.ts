import type { Handler } from "../../../broker/service.ts";
import { assertVersion } from "../tasks.guards.ts";
import type { TasksService } from "../tasks.service.ts";
import { find, markRemoved } from "../tasks.store.ts";
import { announce, wait } from "../tasks.timers.ts";

/** Removes a task, and what it waited for. */
export const remove: Handler<"tasks.remove", TasksService> = function (ctx) {
	return this.store.transact(ctx, async unit => {
		const task = await find(unit, ctx.params.id);
		ctx.assertOwner(task.createdBy ?? 0);
		assertVersion(ctx, task);
		await markRemoved(unit, task);
		await wait(this, unit, task, undefined);
		announce(unit, { ...task, updatedAt: unit.now, version: task.version + 1 }, "deleted");
		return null;
	});
};
