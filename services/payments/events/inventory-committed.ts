import type { EventHandler } from "../../../broker/service.ts";
import { askToCapture, settleCapture } from "../actions/capture.ts";
import { tell } from "../payments.announce.ts";
import type { PaymentsService } from "../payments.service.ts";

/** The goods of a choreographed order are off the shelf: the money is taken. */
export const onInventoryCommitted: EventHandler<"inventory.committed", PaymentsService> = async function (event, ctx) {
	const { order } = event.data;
	if (!order) return;
	const asked = await askToCapture(this, ctx, order.orderId);
	await ctx.once(async unit => {
		// Without a payment there is nothing to tell of; whoever watches over the order takes it from here.
		if (!asked) return this.logger.error(`Order ${order.orderId} has goods committed and no payment`);
		const { payment, answer } = asked;
		if (answer) await settleCapture(unit, payment, answer, order);
		else tell(unit, payment, "capture", order);
	});
};
