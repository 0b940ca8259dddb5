import type { EventHandler } from "../../../broker/service.ts";
import type { InventoryService } from "../inventory.service.ts";
import { release } from "../reservations.store.ts";

/** No money, no goods: whether the payment failed or was voided, what a choreographed order has goes back on the shelf. */
export const onPaymentUndone: EventHandler<"payment.failed" | "payment.voided", InventoryService> = async function (
	event,
	ctx
) {
	const { order, reason } = event.data;
	if (!order) return;
	await ctx.once(unit => release(unit, { orderId: order.orderId, order, reason }));
};
