import type { Handler } from "../../../broker/service.ts";
import { StockNotFound } from "../inventory.errors.ts";
import type { InventoryService } from "../inventory.service.ts";
import { findStock } from "../inventory.store.ts";

/** How much can be ordered now; how much is there, and held by whom, is the shop's own business. */
export const get: Handler<"inventory.get", InventoryService> = async function (ctx) {
	const { productId } = ctx.params;
	const stock = await findStock(this.store, productId);
	if (!stock) throw new StockNotFound(productId);
	return { productId, available: stock.available };
};
