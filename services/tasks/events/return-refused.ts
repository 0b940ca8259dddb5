import type { EventHandler } from "../../../broker/service.ts";
import { changed } from "../task.ts";
import { save } from "../tasks.changes.ts";
import type { TasksService } from "../tasks.service.ts";
import { inspecting } from "../tasks.store.ts";

/** Nothing comes back after all: what was to be inspected is not to be any more. */
export const onReturnRefused: EventHandler<"return.refused", TasksService> = async function (event, ctx) {
	await ctx.once(async unit => {
		const task = await inspecting(unit, event.subject);
		if (task) await save(this, unit, task, changed(task, { status: "CANCELLED" }, unit.now)!, "updated");
	});
};
