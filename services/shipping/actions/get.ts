import type { Handler } from "../../../broker/service.ts";
import { ShipmentNotFound } from "../shipping.errors.ts";
import type { ShippingService } from "../shipping.service.ts";
import { byId, toShipment } from "../shipping.store.ts";

export const get: Handler<"shipping.get", ShippingService> = async function (ctx) {
	const shipment = await byId(this.store, ctx.params.id);
	if (!shipment) throw new ShipmentNotFound(ctx.params.id);
	ctx.assertOwner(shipment.user_id!);
	return toShipment(shipment);
};
