import type { Handler } from "../../../broker/service.ts";
import { ShipmentCancelled, ShippingFailed } from "../shipping.errors.ts";
import type { ShippingService } from "../shipping.service.ts";
import { book, toShipment } from "../shipping.store.ts";

export const create: Handler<"shipping.create", ShippingService> = async function (ctx) {
	const { orderId, userId, address } = ctx.params;
	const row = await this.store.transact(ctx, unit => book(unit, { orderId, userId, address }));
	if (row.status === "CANCELLED") throw new ShipmentCancelled(orderId);
	const shipment = toShipment(row);
	if (row.status === "REFUSED") throw new ShippingFailed(orderId, shipment.address?.country ?? "");
	return shipment;
};
