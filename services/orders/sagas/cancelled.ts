import type { Unit } from "../../../broker/sql/store.ts";
import type { OrdersService } from "../orders.service.ts";
import { record } from "../orders.store.ts";

/** Cancels an order once everything done for it is undone. */
export async function cancelled(orders: OrdersService, unit: Unit, orderId: number, reason: string): Promise<void> {
	const now = await record(unit, orderId, { type: "cancelled", data: { reason } });
	if (now) unit.afterCommit(() => orders.waiters.wake(now));
}

/** The order stays what it is: it could not be taken back any more. */
export async function cancelRefused(orders: OrdersService, unit: Unit, orderId: number, reason: string): Promise<void> {
	const now = await record(unit, orderId, { type: "cancel_refused", data: { reason } });
	if (now) unit.afterCommit(() => orders.waiters.wake(now));
}
