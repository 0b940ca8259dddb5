import type { EventHandler } from "../../../broker/service.ts";
import { aboutOrder } from "../plan.ts";
import { changed } from "../task.ts";
import { save } from "../tasks.changes.ts";
import type { TasksService } from "../tasks.service.ts";
import { fulfilling } from "../tasks.store.ts";

/** The parcel has left, by whatever hand, or never will: what was still to be done for it is not to be done any more. */
export const onOrderEnded: EventHandler<"order.cancelled" | "order.shipped", TasksService> = async function (
	event,
	ctx
) {
	await ctx.once(async unit => {
		for (const task of await fulfilling(unit, aboutOrder(event.data.orderId)))
			await save(this, unit, task, changed(task, { status: "CANCELLED" }, unit.now)!, "updated");
	});
};
