import type { Handler } from "../../../broker/service.ts";
import { shipsTo } from "../shipment.ts";
import type { ShippingService } from "../shipping.service.ts";

export const check: Handler<"shipping.check", ShippingService> = function (ctx) {
	return Promise.resolve({ ships: shipsTo(ctx.params.address.country) });
};
