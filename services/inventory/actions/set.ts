import type { Handler } from "../../../broker/service.ts";
import type { InventoryService } from "../inventory.service.ts";
import { findStock, recount } from "../inventory.store.ts";

/** Somebody counted: what they found is what there is. A product that had no stock has some from now on. */
export const set: Handler<"inventory.set", InventoryService> = function (ctx) {
	const { productId, onHand } = ctx.params;
	return this.store.transact(ctx, async unit =>
		recount(unit, await findStock(unit, productId), { productId, onHand, kind: "COUNTED" })
	);
};
