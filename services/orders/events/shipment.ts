import type { EventHandler } from "../../../broker/service.ts";
import type { OrdersService } from "../orders.service.ts";
import { record } from "../orders.store.ts";

/** The parcel left: the order is SHIPPED. */
export const onShipmentDispatched: EventHandler<"shipment.dispatched", OrdersService> = async function (event, ctx) {
	const { orderId, shipmentId } = event.data;
	await ctx.once(unit => record(unit, orderId, { type: "shipped", data: { shipmentId } }));
};

/** The parcel arrived: the order is DELIVERED. */
export const onShipmentDelivered: EventHandler<"shipment.delivered", OrdersService> = async function (event, ctx) {
	const { orderId, shipmentId } = event.data;
	await ctx.once(unit => record(unit, orderId, { type: "delivered", data: { shipmentId } }));
};
