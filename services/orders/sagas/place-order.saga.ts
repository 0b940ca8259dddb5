import { saga } from "../../../broker/saga/saga.ts";
import type { CarriedOrder } from "../orders.contract.ts";
import type { OrdersService } from "../orders.service.ts";
import { cancelled } from "./cancelled.ts";
import { confirmed } from "./confirmed.ts";

/** Takes an order from PENDING to CONFIRMED, or back to nothing and CANCELLED. */
export const placeOrder = saga<CarriedOrder>("place-order")
	.step("inventory.reserve", ({ orderId, items }) => ({ orderId, items }))
	.undoneBy("inventory.release", ({ orderId }) => ({ orderId, reason: "ORDER_CANCELLED" }))
	.step(
		"payments.authorize",
		({ orderId, userId, total, currency, paymentToken }) => ({
			orderId,
			userId,
			amount: total,
			currency,
			token: paymentToken
		}),
		(order, payment) => ({ ...order, paymentId: payment.id })
	)
	.undoneBy("payments.void", ({ orderId }) => ({ orderId, reason: "ORDER_CANCELLED" }))
	.step(
		"shipping.create",
		({ orderId, userId, shippingAddress }) => ({ orderId, userId, address: shippingAddress }),
		(order, shipment) => ({ ...order, shipmentId: shipment.id })
	)
	.undoneBy("shipping.cancel", ({ orderId }) => ({ orderId, reason: "ORDER_CANCELLED" }))
	// Taken off the shelf before the money is taken: a hold may run out while a provider is silent, a sale may not.
	.step("inventory.commit", ({ orderId }) => ({ orderId }))
	.pivot("payments.capture", ({ orderId }) => ({ orderId }))
	.ends<OrdersService>({
		completed: (orders, unit, order) => confirmed(orders, unit, order),
		abandoned: (orders, unit, { orderId }, reason) => cancelled(orders, unit, orderId, reason)
	});
