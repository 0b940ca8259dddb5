import { reasonOf } from "../../../broker/errors.ts";
import { runtimeOf } from "../../../broker/runtime.ts";
import type { EventHandler } from "../../../broker/service.ts";
import type { InventoryService } from "../inventory.service.ts";
import { hold, subjectOf } from "../reservations.store.ts";

/** The first link of a choreographed order, when it was held once that is over: its items are reserved, or there is no order. */
export const onOrderCreated: EventHandler<"order.created" | "order.released", InventoryService> = async function (
	event,
	ctx
) {
	const { order } = event.data;
	if (!order) return;
	const { orderId, items } = order;
	const { RESERVATION_TTL_SECONDS } = runtimeOf(this.broker).env;
	await ctx.once(async unit => {
		const { refusal } = await hold(unit, { orderId, items, order }, RESERVATION_TTL_SECONDS);
		if (!refusal) return;
		unit.emit("inventory.reservation_failed", subjectOf(orderId), {
			orderId,
			items,
			reason: reasonOf(refusal),
			productId: refusal.data.productId,
			order
		});
	});
};
