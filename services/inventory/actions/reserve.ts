import { runtimeOf } from "../../../broker/runtime.ts";
import type { Handler } from "../../../broker/service.ts";
import type { InventoryService } from "../inventory.service.ts";
import { hold } from "../reservations.store.ts";

/** Holds an order's items; `release` undoes it. */
export const reserve: Handler<"inventory.reserve", InventoryService> = function (ctx) {
	const { RESERVATION_TTL_SECONDS } = runtimeOf(this.broker).env;
	return this.store.transact(ctx, async unit => {
		const { reservation, refusal } = await hold(unit, ctx.params, RESERVATION_TTL_SECONDS);
		if (refusal) throw refusal;
		return reservation;
	});
};
