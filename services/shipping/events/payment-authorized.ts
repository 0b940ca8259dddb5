import type { EventHandler } from "../../../broker/service.ts";
import type { ShippingService } from "../shipping.service.ts";
import { book } from "../shipping.store.ts";

/** The total of a choreographed order is set aside: its shipment is booked. */
export const onPaymentAuthorized: EventHandler<"payment.authorized", ShippingService> = async function (event, ctx) {
	const { order } = event.data;
	if (!order) return;
	const { orderId, userId, shippingAddress: address } = order;
	await ctx.once(unit => book(unit, { orderId, userId, address }, order));
};
