import type { Handler } from "../../../broker/service.ts";
import type { InventoryService } from "../inventory.service.ts";
import { movementOf, type MovementRow } from "../inventory.store.ts";

/** Newest first. */
export const movements: Handler<"inventory.movements", InventoryService> = async function (ctx) {
	const { productId, limit, after } = ctx.params;
	const page = await this.page<MovementRow>({ where: { product_id: productId }, limit, after });
	return { ...page, items: page.items.map(movementOf) };
};
