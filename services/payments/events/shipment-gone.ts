import type { EventHandler } from "../../../broker/service.ts";
import { askToVoid, giveUp } from "../actions/void.ts";
import { wasCaptured } from "../payment.ts";
import { aboutOf, subjectOf } from "../payments.announce.ts";
import type { PaymentsService } from "../payments.service.ts";
import { change, settle } from "../payments.store.ts";

/** A choreographed order is not shipped, or not any more: its payment is given up, whatever has become of it. */
export const onShipmentGone: EventHandler<"shipment.failed" | "shipment.cancelled", PaymentsService> = async function (
	event,
	ctx
) {
	const { order, reason } = event.data;
	if (!order) return;
	const asked = await askToVoid(this, ctx, order.orderId);
	const { payment, answer } = asked;
	const tooLate = wasCaptured(payment.state) || answer?.state === "captured";
	if (tooLate) await giveUp(this, ctx, asked, reason);
	await ctx.once(async unit => {
		if (answer?.state === "voided" && (await change(unit, payment, "voided", { reason, order }))) return;
		if (answer && !tooLate) await settle(unit, payment, answer, { reason, order });
		// Those before it in the chain wait for this word, also where nothing had to be given up.
		unit.emit("payment.voided", subjectOf(order.orderId), { ...aboutOf(payment, order), reason });
	});
};
