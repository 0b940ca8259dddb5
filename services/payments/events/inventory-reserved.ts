import type { EventHandler } from "../../../broker/service.ts";
import { askToAuthorize } from "../actions/authorize.ts";
import { tell } from "../payments.announce.ts";
import type { PaymentsService } from "../payments.service.ts";
import { settle } from "../payments.store.ts";

/** The goods of a choreographed order are held: its total is set aside. */
export const onInventoryReserved: EventHandler<"inventory.reserved", PaymentsService> = async function (event, ctx) {
	const { order } = event.data;
	if (!order) return;
	const { orderId, userId, total: amount, currency, paymentToken: token } = order;
	const { payment, answer } = await askToAuthorize(this, ctx, { orderId, userId, amount, currency, token, order });
	await ctx.once(async unit => {
		if (answer) await settle(unit, payment, answer, { order });
		else tell(unit, payment, "authorize", order);
	});
};
