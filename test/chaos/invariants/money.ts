import { type Invariant, query, settling } from "./invariant.ts";

/** Money is taken once for what is sold, and not at all for the rest: in the provider's books and in ours. */
export const money: Invariant[] = [
	query(
		"I4 the provider captured at most once for an order",
		`SELECT order_id, count(*) AS captures FROM provider.movements
		JOIN provider.authorizations ON authorizations.id = authorization_id
		JOIN payments.payments ON provider_key = key
		WHERE movements.state = 'captured' AND movements.moved > 0 GROUP BY order_id HAVING captures > 1`
	),
	{
		name: "I4 the provider has taken the total of every sold order, less what came back, and nothing for any other",
		breaches(books) {
			const given = new Map(books.placed.map(({ id, refunded }) => [id, refunded ?? 0]));
			return books
				.rows<{ id: number; sold: number; total: number; taken: number; returned: number }>(
					`SELECT orders.id, orders.status IN ('CONFIRMED', 'SHIPPED', 'DELIVERED') AS sold, body ->> 'total' AS total,
						coalesce(taken, 0) AS taken, coalesce(body ->> 'returned', 0) AS returned
					FROM orders.orders LEFT JOIN (
						SELECT order_id, sum(captured - authorizations.refunded) AS taken
						FROM payments.payments JOIN provider.authorizations ON provider_key = key GROUP BY order_id
					) ON order_id = orders.id`
				)
				.filter(
					({ id, sold, total, taken, returned }) => taken !== (sold === 1 ? total - returned - (given.get(id) ?? 0) : 0)
				);
		}
	},
	query(
		"I4 the provider did nothing that we do not know of",
		`SELECT authorizations.* FROM provider.authorizations LEFT JOIN payments.payments ON provider_key = key
		WHERE order_id IS NULL OR (payments.amount <> authorizations.amount AND token <> '')`
	),
	settling(
		"I4 no authorization is left open",
		"SELECT * FROM provider.authorizations WHERE state IN ('pending', 'authorized')"
	),
	settling(
		"I4 our books say what the provider's say",
		`SELECT order_id, payments.state AS ours, authorizations.state AS theirs, payments.refunded AS refunded_by_ours,
			authorizations.refunded AS refunded_by_theirs, refunding
		FROM payments.payments LEFT JOIN provider.authorizations ON key = provider_key
		WHERE refunding <> 0 OR payments.refunded <> coalesce(authorizations.refunded, 0)
			OR CASE payments.state WHEN 'CAPTURED' THEN 'captured' WHEN 'REFUNDED' THEN 'captured' WHEN 'VOIDED' THEN 'voided'
				ELSE payments.state END IS NOT CASE
				WHEN payments.state = 'FAILED' AND authorizations.state IN ('declined', 'voided') THEN 'FAILED'
				WHEN payments.user_id IS NULL AND authorizations.state IS NULL THEN 'voided'
				ELSE authorizations.state END`
	),
	query(
		"I4 every transaction of our ledger sums to zero",
		"SELECT transaction_key, sum(amount) AS sum FROM payments.ledger_entries GROUP BY transaction_key HAVING sum <> 0"
	),
	query(
		"I4 our ledger says what the provider took",
		`SELECT payments.id, payments.state, owed, captured - authorizations.refunded AS taken FROM payments.payments
		LEFT JOIN provider.authorizations ON key = provider_key
		LEFT JOIN (SELECT payment_id, sum(amount) AS owed FROM payments.ledger_entries
			WHERE account = 'provider_receivable' GROUP BY payment_id) ON payment_id = payments.id
		WHERE coalesce(owed, 0) <> coalesce(captured - authorizations.refunded, 0)`
	),
	settling("I4 every refund is settled", "SELECT * FROM payments.refunds WHERE status = 'PENDING'"),
	settling("I4 every webhook was taken", "SELECT * FROM provider.notices WHERE taken_at IS NULL"),
	settling("I4 every webhook was followed", "SELECT * FROM payments.provider_events WHERE followed_at IS NULL")
];
