import type { Handler } from "../../../broker/service.ts";
import type { InventoryService } from "../inventory.service.ts";
import { commit as take } from "../reservations.store.ts";

/** Sells what an order holds; `release` undoes this too. */
export const commit: Handler<"inventory.commit", InventoryService> = function (ctx) {
	return this.store.transact(ctx, async unit => {
		const { reservation, refusal } = await take(unit, ctx.params);
		if (refusal) throw refusal;
		return reservation;
	});
};
