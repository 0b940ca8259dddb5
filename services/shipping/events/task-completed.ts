import type { EventHandler } from "../../../broker/service.ts";
import { after, may } from "../shipment.ts";
import { ShipmentAwaitsOrder } from "../shipping.errors.ts";
import type { ShippingService } from "../shipping.service.ts";
import { change, ofOrder } from "../shipping.store.ts";

/** Somebody has handed the parcel to the carrier, as their task was: it is on its way, unless it was cancelled before. */
export const onTaskCompleted: EventHandler<"task.completed", ShippingService> = async function (event, ctx) {
	const { kind, about } = event.data.task;
	const orderId = kind === "ship" && /^order\/(\d+)$/.exec(about ?? "")?.[1];
	if (!orderId) return;
	await ctx.once(async unit => {
		const seen = await ofOrder(unit, Number(orderId));
		if (!seen || after(seen.status, "dispatched") === undefined) return;
		// The order's confirmation comes another way, and may come later than the task that followed from it.
		if (!may(seen.status, seen.ready === 1, "dispatched")) throw new ShipmentAwaitsOrder(seen.id);
		await change(unit, seen, "dispatched");
	});
};
