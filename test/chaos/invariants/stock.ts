import { type Invariant, query, settling } from "./invariant.ts";

/** Goods are neither made nor lost. */
export const stock: Invariant[] = [
	query(
		"I2 the movements add up to what is on hand",
		`SELECT product_id, on_hand, coalesce(sum(delta), 0) AS moved
		FROM inventory.stock LEFT JOIN inventory.movements USING (product_id)
		GROUP BY product_id HAVING on_hand <> moved OR on_hand < 0`
	),
	query(
		"I2 what is reserved is what orders hold",
		`SELECT product_id, reserved, held FROM inventory.stock LEFT JOIN (
			SELECT item.value ->> 'productId' AS product_id, sum(item.value ->> 'quantity') AS held
			FROM inventory.reservations, json_each(items) AS item WHERE status = 'HELD' GROUP BY 1
		) USING (product_id) WHERE reserved <> coalesce(held, 0)`
	),
	query(
		"I2 nothing is held for an order that has ended",
		`SELECT reservations.*, orders.status AS order_status FROM inventory.reservations
		LEFT JOIN orders.orders ON orders.id = order_id
		WHERE reservations.status = 'HELD' AND orders.status IS NOT 'PENDING'`
	),
	query(
		"I2 a sold order took its items off the shelf once, and no other took any",
		`WITH wanted AS (
			SELECT orders.id AS order_id, item.value ->> 'productId' AS product_id, -sum(item.value ->> 'quantity') AS delta
			FROM orders.orders, json_each(body, '$.items') AS item
			WHERE orders.status IN ('CONFIRMED', 'SHIPPED', 'DELIVERED') GROUP BY 1, 2
		), taken AS (
			SELECT order_id, product_id, sum(delta) AS delta, count(*) AS movements FROM inventory.movements
			WHERE order_id IS NOT NULL AND return_id IS NULL GROUP BY 1, 2
		)
		SELECT coalesce(wanted.order_id, taken.order_id) AS order_id, wanted.delta AS wanted, taken.delta AS taken, movements
		FROM wanted FULL JOIN taken USING (order_id, product_id)
		WHERE coalesce(wanted.delta, 0) <> coalesce(taken.delta, 0) OR movements > 2`
	),
	settling(
		"I2 every import has come into the catalogue",
		"SELECT id, source, batch FROM products.product_imports WHERE listed_at IS NULL"
	),
	query(
		"I2 an imported product is there as often as it was accepted, and with its stock or not at all",
		`SELECT product_imports.id, accepted, count(products.id) AS written, sum(listed) AS listed, count(stock.product_id) AS counted
		FROM products.product_imports LEFT JOIN products.products ON products.import_id = product_imports.id
		LEFT JOIN inventory.stock ON stock.product_id = products.id GROUP BY product_imports.id
		HAVING accepted <> written OR coalesce(listed, 0) > counted`
	)
];
