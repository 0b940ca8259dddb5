import type { EventHandler } from "../../../broker/service.ts";
import { aboutOrder } from "../plan.ts";
import { reviewOf } from "../review.ts";
import { open } from "../tasks.changes.ts";
import type { TasksService } from "../tasks.service.ts";

/** An order waits for a person: there is a task for it, whatever plan there is for orders that are confirmed. */
export const onOrderHeld: EventHandler<"order.held", TasksService> = async function (event, ctx) {
	const { orderId } = event.data;
	await ctx.once(unit =>
		open(this, unit, {
			...reviewOf(event.data, event.time),
			priority: "NORMAL",
			labels: [],
			checklist: [],
			kind: "review",
			about: aboutOrder(orderId)
		})
	);
};
