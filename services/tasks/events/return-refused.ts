import type { EventHandler } from "../../../broker/service.ts";
import { callOff } from "../tasks.changes.ts";
import type { TasksService } from "../tasks.service.ts";
import { inspecting } from "../tasks.store.ts";

/** Nothing comes back after all: what was to be inspected is not to be any more. */
export const onReturnRefused: EventHandler<"return.refused", TasksService> = async function (event, ctx) {
	await ctx.once(async unit => callOff(this, unit, await inspecting(unit, event.subject)));
};
