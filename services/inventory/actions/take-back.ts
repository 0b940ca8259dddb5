import type { Handler } from "../../../broker/service.ts";
import type { InventoryService } from "../inventory.service.ts";
import { putBack } from "../inventory.store.ts";
import { subjectOf } from "../reservations.store.ts";
import { summed } from "../stock.ts";

/** Goods came back from a customer and were inspected. Again, they are there already. */
export const takeBack: Handler<"inventory.takeBack", InventoryService> = function (ctx) {
	const { returnId, orderId, items } = ctx.params;
	return this.store.transact(ctx, async unit => {
		if (await putBack(unit, { returnId, orderId, lines: summed(items) }))
			unit.emit("inventory.taken_back", subjectOf(orderId), { returnId, orderId, items });
		return { returnId, orderId };
	});
};
