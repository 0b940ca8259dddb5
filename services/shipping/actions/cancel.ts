import type { Handler } from "../../../broker/service.ts";
import { hasLeft } from "../shipment.ts";
import { ShipmentDispatched } from "../shipping.errors.ts";
import type { ShippingService } from "../shipping.service.ts";
import { cancelOf } from "../shipping.store.ts";

export const cancel: Handler<"shipping.cancel", ShippingService> = async function (ctx) {
	const { orderId } = ctx.params;
	const { status } = await this.store.transact(ctx, unit => cancelOf(unit, ctx.params));
	if (hasLeft(status)) throw new ShipmentDispatched(orderId);
	return { orderId, status };
};
