import { runtimeOf } from "../../../broker/runtime.ts";
import type { EventHandler } from "../../../broker/service.ts";
import { aboutOrder, planOf } from "../plan.ts";
import { openStep } from "../tasks.changes.ts";
import type { TasksService } from "../tasks.service.ts";

/** An order is paid and its goods are taken: people begin with the first step of the plan, where there is one. */
export const onOrderConfirmed: EventHandler<"order.confirmed", TasksService> = async function (event, ctx) {
	const [first] = planOf(runtimeOf(this.broker).env.ORDER_PLAN);
	await ctx.once(async unit => {
		if (first) await openStep(this, unit, first, aboutOrder(event.data.orderId));
	});
};
