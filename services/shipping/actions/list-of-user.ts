import type { Handler } from "../../../broker/service.ts";
import { pageOfUser } from "../../../broker/sql/of-user.ts";
import type { ShippingService } from "../shipping.service.ts";
import { type ShipmentRow, toShipment } from "../shipping.store.ts";

export const listOfUser: Handler<"shipping.listOfUser", ShippingService> = async function (ctx) {
	ctx.assertOwner(ctx.params.id);
	const { items, ...more } = await pageOfUser<ShipmentRow>(this.store, "shipments", ctx.params);
	return { items: items.map(toShipment), ...more };
};
