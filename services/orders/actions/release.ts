import { VersionConflict } from "../../../broker/errors.ts";
import type { Handler } from "../../../broker/service.ts";
import { isHeldFor } from "../hold.ts";
import { OrderNotHeld } from "../orders.errors.ts";
import type { OrdersService } from "../orders.service.ts";
import { find } from "../orders.store.ts";
import { releaseFrom } from "../sagas/held.ts";

/** Somebody of the staff has looked at an order, with or without the task for it. */
export const release: Handler<"orders.release", OrdersService> = async function (ctx) {
	const { id } = ctx.params;
	return this.store.transact(ctx, async unit => {
		const order = await find(unit, id);
		if (!isHeldFor(order, "REVIEW")) throw new OrderNotHeld(id, order.status, "REVIEW");
		if (ctx.ifMatch !== undefined && ctx.ifMatch !== order.version)
			throw new VersionConflict(ctx.ifMatch, order.version);
		return releaseFrom(this, unit, order, "REVIEW");
	});
};
