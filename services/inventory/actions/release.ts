import type { Handler } from "../../../broker/service.ts";
import type { InventoryService } from "../inventory.service.ts";
import { release as giveBack } from "../reservations.store.ts";

/** Undoes `reserve` and `commit`, also before they came. */
export const release: Handler<"inventory.release", InventoryService> = function (ctx) {
	return this.store.transact(ctx, async unit => (await giveBack(unit, ctx.params)).reservation);
};
