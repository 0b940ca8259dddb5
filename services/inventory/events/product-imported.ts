import type { EventHandler } from "../../../broker/service.ts";
import type { InventoryService } from "../inventory.service.ts";
import { firstCount } from "../inventory.store.ts";

/** Imported products get their stock, all of a batch or none; only then are they shown to anybody. */
export const onProductImported: EventHandler<"product.imported", InventoryService> = async function (event, ctx) {
	const { importId, items } = event.data;
	await ctx.once(async unit => {
		await firstCount(unit, items);
		unit.emit("inventory.stocked", event.subject, { importId });
	});
};
