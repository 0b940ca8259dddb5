import { type Invariant, query } from "./invariant.ts";

/** One parcel for each sold order, and none for any other. */
export const parcels: Invariant[] = [
	query(
		"I2 a sold order has one parcel in its own state",
		`SELECT orders.id, orders.status, shipments.status AS parcel, ready FROM orders.orders
		LEFT JOIN shipping.shipments ON order_id = orders.id
		WHERE orders.status IN ('CONFIRMED', 'SHIPPED', 'DELIVERED') AND (ready IS NOT 1 OR shipments.status IS NOT
			CASE orders.status WHEN 'CONFIRMED' THEN 'CREATED' WHEN 'SHIPPED' THEN 'DISPATCHED' ELSE 'DELIVERED' END)`
	),
	query(
		"I2 nothing is sent for an order that was not sold",
		`SELECT shipments.*, orders.status AS order_status FROM shipping.shipments LEFT JOIN orders.orders ON orders.id = order_id
		WHERE shipments.status IN ('CREATED', 'DISPATCHED', 'DELIVERED')
			AND coalesce(orders.status, 'CANCELLED') IN ('PENDING', 'HELD', 'CANCELLED')`
	)
];
