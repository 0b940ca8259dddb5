import { reasonOf } from "../../../broker/errors.ts";
import type { EventHandler } from "../../../broker/service.ts";
import type { InventoryService } from "../inventory.service.ts";
import { commit, subjectOf } from "../reservations.store.ts";

/** There is a parcel to put it in: what a choreographed order holds leaves the shelf. */
export const onShipmentCreated: EventHandler<"shipment.created", InventoryService> = async function (event, ctx) {
	const { order } = event.data;
	if (!order) return;
	const { orderId, items } = order;
	await ctx.once(async unit => {
		const { refusal } = await commit(unit, { orderId, order });
		if (refusal)
			unit.emit("inventory.commit_failed", subjectOf(orderId), { orderId, items, reason: reasonOf(refusal), order });
	});
};
