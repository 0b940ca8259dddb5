import type { EventHandler } from "../../../broker/service.ts";
import type { ShippingService } from "../shipping.service.ts";
import { cancelOf } from "../shipping.store.ts";

/** Nothing may leave for an order that is no more, and nothing may be booked for it: whoever was to see to that, this does. */
export const onOrderCancelled: EventHandler<"order.cancelled", ShippingService> = async function (event, ctx) {
	const { orderId, reason } = event.data;
	await ctx.once(unit => cancelOf(unit, { orderId, reason }));
};
