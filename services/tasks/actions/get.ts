import type { Handler } from "../../../broker/service.ts";
import { assertTheirs } from "../tasks.guards.ts";
import type { TasksService } from "../tasks.service.ts";
import { find } from "../tasks.store.ts";

export const get: Handler<"tasks.get", TasksService> = async function (ctx) {
	const task = await find(this.store, ctx.params.id);
	assertTheirs(ctx, task);
	return task;
};
