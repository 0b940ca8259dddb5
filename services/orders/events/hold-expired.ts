import type { TimerHandler } from "../../../mixins/timers.mixin.ts";
import type { OrdersService } from "../orders.service.ts";
import { lookUp } from "../orders.store.ts";
import { giveUp } from "../sagas/held.ts";

/** Nobody has seen to the order in its time: it is cancelled. */
export const onHoldExpired: TimerHandler<OrdersService, { orderId: number }> = async function ({ data }, unit) {
	const order = await lookUp(unit, data.orderId);
	if (order?.status === "HELD") await giveUp(this, unit, order, "HOLD_EXPIRED");
};
