import type { Ctx } from "../../../broker/context.ts";
import { VersionConflict } from "../../../broker/errors.ts";
import type { Handler } from "../../../broker/service.ts";
import { has, may } from "../shipment.ts";
import type { Shipment } from "../shipping.contract.ts";
import { ShipmentNotFound, ShipmentNotReady } from "../shipping.errors.ts";
import type { ShippingService } from "../shipping.service.ts";
import { byId, change, toShipment } from "../shipping.store.ts";

export const dispatch: Handler<"shipping.dispatch", ShippingService> = function (ctx) {
	return moveOn(this, ctx, "dispatched");
};

export const deliver: Handler<"shipping.deliver", ShippingService> = function (ctx) {
	return moveOn(this, ctx, "delivered");
};

/** Takes a shipment one step on, once: whoever asks again, or too late, is answered with what there is. */
async function moveOn(
	{ store }: ShippingService,
	ctx: Ctx<{ id: number }>,
	what: "dispatched" | "delivered"
): Promise<Shipment> {
	const { id } = ctx.params;
	for (;;) {
		const seen = await byId(store, id);
		if (!seen) throw new ShipmentNotFound(id);
		if (has(seen.status, what)) return toShipment(seen);
		if (ctx.ifMatch !== undefined && ctx.ifMatch !== seen.version) throw new VersionConflict(ctx.ifMatch, seen.version);
		if (!may(seen.status, seen.ready === 1, what)) throw new ShipmentNotReady(id, seen.status);
		const moved = await store.transact(ctx, unit => change(unit, seen, what));
		if (moved) return toShipment(moved);
	}
}
