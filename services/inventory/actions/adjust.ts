import type { Handler } from "../../../broker/service.ts";
import { StockNotFound } from "../inventory.errors.ts";
import type { InventoryService } from "../inventory.service.ts";
import { findStock, recount } from "../inventory.store.ts";

/** Goods came in, broke or went missing. */
export const adjust: Handler<"inventory.adjust", InventoryService> = function (ctx) {
	const { productId, delta, reason } = ctx.params;
	return this.store.transact(ctx, async unit => {
		const before = await findStock(unit, productId);
		if (!before) throw new StockNotFound(productId);
		return recount(unit, before, { productId, onHand: before.onHand + delta, kind: "ADJUSTED", reason });
	});
};
