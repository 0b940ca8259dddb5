import type { EventHandler } from "../../../broker/service.ts";
import { aboutOrder } from "../plan.ts";
import { callOff } from "../tasks.changes.ts";
import type { TasksService } from "../tasks.service.ts";
import { fulfilling, reviewing } from "../tasks.store.ts";

/** The parcel has left, by whatever hand, or never will: what was still to be done for it is not to be done any more. */
export const onOrderEnded: EventHandler<"order.cancelled" | "order.shipped", TasksService> = async function (
	event,
	ctx
) {
	await ctx.once(async unit => {
		const about = aboutOrder(event.data.orderId);
		await callOff(this, unit, [...(await fulfilling(unit, about)), ...(await reviewing(unit, about))]);
	});
};
