import type { Handler } from "../../../broker/service.ts";
import { changed } from "../task.ts";
import { save } from "../tasks.changes.ts";
import { assertTheirs, assertVersion } from "../tasks.guards.ts";
import type { TasksService } from "../tasks.service.ts";
import { find } from "../tasks.store.ts";

/** A task is done, once: whoever asks again is answered with what there is. */
export const complete: Handler<"tasks.complete", TasksService> = function (ctx) {
	return this.store.transact(ctx, async unit => {
		const before = await find(unit, ctx.params.id);
		assertTheirs(ctx, before);
		if (before.status === "DONE") return before;
		assertVersion(ctx, before);
		const after = changed(before, { status: "DONE" }, unit.now)!;
		await save(this, unit, before, after, "completed");
		return after;
	});
};
