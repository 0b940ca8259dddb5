import type { Unit } from "../../../broker/sql/store.ts";
import type { CarriedOrder } from "../orders.contract.ts";
import type { OrdersService } from "../orders.service.ts";
import { record, subjectOf } from "../orders.store.ts";
import { cancelOrder } from "./cancel-order.saga.ts";

/** Confirms an order, whoever led it there. A cancellation that was asked for meanwhile begins in the same unit. */
export async function confirmed(orders: OrdersService, unit: Unit, order: CarriedOrder): Promise<void> {
	const { orderId, paymentId, shipmentId } = order;
	const now = await record(unit, orderId, { type: "confirmed", data: { paymentId, shipmentId } });
	if (!now) return;
	unit.afterCommit(() => orders.waiters.wake(now));
	if (now.cancelRequested) await beginCancelling(orders, unit, orderId);
}

/** Starts taking back a confirmed order. */
export const beginCancelling = (orders: OrdersService, unit: Unit, orderId: number): Promise<void> =>
	orders.sagas.begin(unit, cancelOrder, subjectOf(orderId), { orderId });
