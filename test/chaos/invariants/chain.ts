import { type Invariant, query } from "./invariant.ts";

/**
 * What is said of an order once, however often the word before it is heard. A capture that was found in the provider's books
 * is told alone first, and then, with the whole order, in the chain.
 */
export const chain: Invariant[] = [
	query(
		"I5 each link of an order's chain was said once",
		`SELECT type, data ->> 'orderId' AS order_id, count(*) AS times FROM audit.audit_log
		WHERE type IN ('order.created', 'order.held', 'order.confirmed', 'order.cancelled', 'inventory.reserved', 'inventory.committed',
			'payment.authorized', 'payment.captured', 'shipment.created')
			AND order_id IN (SELECT id FROM orders.orders)
		GROUP BY type, order_id, data -> 'order' IS NULL HAVING times > 1`
	)
];
