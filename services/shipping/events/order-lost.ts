import type { EventHandler } from "../../../broker/service.ts";
import type { ShippingService } from "../shipping.service.ts";
import { cancelOf } from "../shipping.store.ts";

/** A choreographed order lost its goods or its money after its shipment was booked: the shipment is cancelled. */
export const onOrderLost: EventHandler<"inventory.commit_failed" | "payment.capture_failed", ShippingService> =
	async function (event, ctx) {
		const { order, reason } = event.data;
		if (!order) return;
		await ctx.once(unit => cancelOf(unit, { orderId: order.orderId, reason }, order));
	};
