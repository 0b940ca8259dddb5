import { type Invariant, query, settling } from "./invariant.ts";

/** What comes back is refunded and on the shelf, both once or neither, and never more than was ordered. */
export const returns: Invariant[] = [
	{
		name: "I1 every answered return exists, and no key has two",
		breaches(books) {
			const stored = new Set(books.rows<{ id: number }>("SELECT id FROM orders.returns").map(({ id }) => id));
			const answered = [...books.ledger.byKey("orders.requestReturn").entries()].map(([key, entries]) => ({
				key,
				ids: new Set(
					entries.filter(({ outcome }) => outcome === "ok").map(({ body }) => (JSON.parse(body!) as { id: number }).id)
				)
			}));
			const known = answered.flatMap(({ ids }) => [...ids]);
			return [
				...answered.filter(({ ids }) => ids.size > 1 || [...ids].some(id => !stored.has(id))),
				...[...stored].filter(id => known.filter(each => each === id).length !== 1).map(id => ({ unclaimed: id }))
			];
		}
	},
	settling(
		"I3 a return ends when its inspection does, and the other way round",
		`SELECT returns.id, returns.status, task.status AS inspection, removed_at FROM orders.returns
		LEFT JOIN tasks.tasks AS task ON kind = 'inspect' AND about = 'return/' || returns.id
		WHERE task.id IS NULL OR returns.status = 'ACCEPTED'
			OR (returns.status = 'REQUESTED') <> (removed_at IS NULL AND task.status IN ('OPEN', 'IN_PROGRESS'))`
	),
	query(
		"I4 a completed return was refunded once, and no other was",
		`SELECT returns.id, returns.status, returns.amount, refunds.amount AS refunded FROM orders.returns
		LEFT JOIN payments.refunds ON refund_key = 'order-' || order_id || ':return:' || returns.id AND refunds.status = 'DONE'
		WHERE coalesce(refunds.amount, 0) <> CASE returns.status WHEN 'COMPLETED' THEN returns.amount ELSE 0 END`
	),
	query(
		"I2 a completed return put its goods on the shelf once, and no other did",
		`WITH wanted AS (
			SELECT returns.id AS return_id, item.value ->> 'productId' AS product_id, item.value ->> 'quantity' AS quantity
			FROM orders.returns, json_each(items) AS item WHERE status = 'COMPLETED'
		), back AS (
			SELECT return_id, product_id, sum(delta) AS quantity, count(*) AS movements FROM inventory.movements
			WHERE return_id IS NOT NULL GROUP BY 1, 2
		)
		SELECT coalesce(wanted.return_id, back.return_id) AS return_id, wanted.quantity AS wanted, back.quantity AS put, movements
		FROM wanted FULL JOIN back USING (return_id, product_id)
		WHERE wanted.quantity IS NOT back.quantity OR movements > 1`
	),
	query(
		"I2 no more comes back than was ordered",
		`WITH back AS (
			SELECT order_id, item.value ->> 'productId' AS product_id, sum(item.value ->> 'quantity') AS quantity
			FROM orders.returns, json_each(items) AS item WHERE status <> 'REFUSED' GROUP BY 1, 2
		)
		SELECT order_id, back.product_id, back.quantity, sum(item.value ->> 'quantity') AS ordered
		FROM back JOIN orders.orders ON orders.id = order_id, json_each(orders.body, '$.items') AS item
		WHERE item.value ->> 'productId' = back.product_id GROUP BY 1, 2 HAVING back.quantity > ordered`
	),
	query(
		"I7 a completed return stands in the history of its order once",
		`SELECT returns.id, returns.status, count(facts.version) AS facts FROM orders.returns
		LEFT JOIN orders.order_events AS facts ON facts.type = 'returned' AND facts.order_id = returns.order_id
			AND facts.data ->> 'returnId' = returns.id
		GROUP BY returns.id HAVING facts <> (returns.status = 'COMPLETED')`
	),
	query(
		"I6 every version of a return was told once",
		`SELECT id, version, count(seq) AS told FROM orders.returns LEFT JOIN (SELECT seq, subject FROM orders.outbox)
			ON subject = 'return/' || id
		GROUP BY id HAVING told <> version`
	)
];
