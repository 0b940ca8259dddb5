import { saga } from "../../../broker/saga/saga.ts";
import type { OrdersService } from "../orders.service.ts";
import { cancelled, cancelRefused } from "./cancelled.ts";

/** Takes a confirmed order back: stop the parcel, return the money, return the goods. Once the parcel is stopped there is no way back. */
export const cancelOrder = saga<{ orderId: number }>("cancel-order")
	.pivot("shipping.cancel", ({ orderId }) => ({ orderId, reason: "CUSTOMER" }))
	.step("payments.refundOrder", ({ orderId }) => ({ orderId, reason: "CUSTOMER" }))
	.step("inventory.release", ({ orderId }) => ({ orderId, reason: "CUSTOMER" }))
	.ends<OrdersService>({
		completed: (orders, unit, { orderId }) => cancelled(orders, unit, orderId, "CUSTOMER"),
		abandoned: (orders, unit, { orderId }, reason) => cancelRefused(orders, unit, orderId, reason)
	});
