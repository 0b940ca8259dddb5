import type { EventHandler } from "../../../broker/service.ts";
import { aboutOrder } from "../plan.ts";
import { callOff } from "../tasks.changes.ts";
import type { TasksService } from "../tasks.service.ts";
import { reviewing } from "../tasks.store.ts";

/** Nothing holds the order any more, by whatever hand: nobody has to look at it now. */
export const onOrderReleased: EventHandler<"order.released", TasksService> = async function (event, ctx) {
	const { orderId, heldFor } = event.data;
	if (heldFor) return;
	await ctx.once(async unit => callOff(this, unit, await reviewing(unit, aboutOrder(orderId))));
};
