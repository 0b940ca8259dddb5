import { runtimeOf } from "../../../broker/runtime.ts";
import type { Unit } from "../../../broker/sql/store.ts";
import type { CarriedOrder, Order } from "../orders.contract.ts";
import type { OrdersService } from "../orders.service.ts";
import { subjectOf } from "../orders.store.ts";
import { placeOrder } from "./place-order.saga.ts";

/** Begins an order's steps, in the unit that accepts it or lets it go on: a saga, or the watch over those who hear its events. */
export async function begun(
	orders: OrdersService,
	unit: Unit,
	flow: Order["flow"],
	carried: CarriedOrder
): Promise<void> {
	const subject = subjectOf(carried.orderId);
	if (flow === "orchestrated") return orders.sagas.begin(unit, placeOrder, subject, carried);
	const until = Date.now() + runtimeOf(orders.broker).env.ORDER_STALL_SECONDS * 1_000;
	return orders.sagas.watch(unit, placeOrder, subject, carried, until);
}
