import type { EventHandler } from "../../../broker/service.ts";
import type { ShippingService } from "../shipping.service.ts";
import { makeReady } from "../shipping.store.ts";

/** The order is paid and its goods are taken: the parcel may leave. */
export const onOrderConfirmed: EventHandler<"order.confirmed", ShippingService> = async function (event, ctx) {
	await ctx.once(unit => makeReady(unit, event.data.orderId));
};
