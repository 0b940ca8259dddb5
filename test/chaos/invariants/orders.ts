import type { Books } from "../books.ts";
import { type Invariant, query, settling } from "./invariant.ts";

interface StoredOrder {
	id: number;
	user_id: number;
	status: string;
	reason: string | null;
}

const everyOrder = (books: Books): StoredOrder[] =>
	books.rows("SELECT id, user_id, status, body ->> 'reason' AS reason FROM orders.orders");

/** What the clients were told, against what is stored. */
export const promises: Invariant[] = [
	{
		name: "I1 every answered order exists once",
		breaches(books) {
			const stored = new Set(everyOrder(books).map(({ id }) => id));
			return answeredOrders(books).filter(({ id }) => !stored.has(id));
		}
	},
	{
		name: "I1 no key has two orders",
		breaches(books) {
			const answered = answeredOrders(books);
			const owners = Map.groupBy(answered, ({ id }) => id);
			const shared = [...owners.values()].filter(keys => new Set(keys.map(({ key }) => key)).size > 1).flat();
			const doubled = [...Map.groupBy(answered, ({ key }) => key).values()].filter(
				answers => new Set(answers.map(({ id }) => id)).size > 1
			);
			// An order that no key was answered with is the second of a key that was answered with the first.
			const unclaimed = everyOrder(books).filter(({ id }) => !owners.has(id));
			return [...shared, ...doubled.flat(), ...unclaimed];
		}
	},
	{
		name: "I1 replays are byte-equal",
		breaches: books =>
			[...books.ledger.byKey("orders.place").entries()].flatMap(([key, entries]) => {
				const bodies = new Set(
					entries.filter(({ outcome }) => outcome === "ok").map(({ status, body }) => `${status} ${body}`)
				);
				return bodies.size > 1 ? [{ key, bodies: [...bodies] }] : [];
			})
	},
	{
		name: "I1 every request is answered in the end",
		breaches: books =>
			[...new Set(books.ledger.entries.map(({ operation }) => operation))].flatMap(operation =>
				[...books.ledger.byKey(operation).entries()]
					.filter(([, entries]) => entries.every(({ outcome }) => outcome === "unknown"))
					.map(([key, entries]) => ({ operation, key, last: entries.at(-1) }))
			)
	},
	{
		name: "I3 each order ends as its branch must",
		breaches(books) {
			const stored = new Map(everyOrder(books).map(order => [order.id, order]));
			return books.placed.flatMap(({ id, branch, flow, ends }) => {
				const now = stored.get(id);
				const fits = ends.some(end => end.status === now?.status && (end.reason ?? null) === now.reason);
				return fits ? [] : [{ branch, flow, expected: ends, ...now }];
			});
		}
	}
];

/** Every order ends, its history is whole, and what led it there has ended too. */
export const endings: Invariant[] = [
	settling(
		"I3 every order is terminal",
		"SELECT id, status, body FROM orders.orders WHERE status = 'PENDING' OR body ->> 'cancelRequested' = 1"
	),
	query(
		"I3 a sold order names its payment and its parcel",
		`SELECT orders.id, body ->> 'flow' AS flow, payments.id AS payment, body ->> 'paymentId' AS named_payment,
			shipments.id AS parcel, body ->> 'shipmentId' AS named_parcel
		FROM orders.orders LEFT JOIN payments.payments ON payments.order_id = orders.id
		LEFT JOIN shipping.shipments ON shipments.order_id = orders.id
		WHERE orders.status IN ('CONFIRMED', 'SHIPPED', 'DELIVERED')
			AND (named_payment IS NOT payments.id OR named_parcel IS NOT shipments.id)`
	),
	query(
		"I3 an order that waits for a person has its time and what pays for it, and no other has",
		`SELECT id, status, body ->> 'heldFor' AS held_for, held_orders.order_id AS kept, waits FROM orders.orders
		FULL JOIN orders.held_orders ON order_id = id
		LEFT JOIN (SELECT kind AS waits, subject FROM orders.timers) ON subject = 'order/' || coalesce(id, order_id)
		WHERE id IS NULL OR (status = 'HELD') <> (order_id IS NOT NULL) OR (status = 'HELD') <> (waits IS 'hold')
			OR (status = 'HELD') <> (held_for IS NOT NULL)`
	),
	query(
		"I3 an order's steps begin only when nothing holds it",
		`SELECT orders.id, sagas.id AS saga FROM orders.orders JOIN orders.sagas ON subject = 'order/' || orders.id
		WHERE orders.status = 'HELD'`
	),
	settling(
		"I3 no saga is running or needs attention",
		"SELECT * FROM orders.sagas WHERE status NOT IN ('DONE', 'COMPENSATED')"
	),
	query(
		"I3 a saga ends once",
		`SELECT saga_id, group_concat(step || ' ' || status) AS ends FROM orders.saga_steps
		WHERE status IN ('DONE', 'COMPENSATED') AND step IN (SELECT type FROM orders.sagas) GROUP BY saga_id HAVING count(*) > 1`
	),
	settling("I6 no lease is held", "SELECT * FROM orders.sagas WHERE lease_until > 0"),
	query(
		"I7 an order's history has versions 1 to n",
		`SELECT orders.id, orders.version, count(facts.version) AS facts, min(facts.version) AS first, max(facts.version) AS last
		FROM orders.orders LEFT JOIN orders.order_events AS facts ON facts.order_id = orders.id
		GROUP BY orders.id HAVING first IS NOT 1 OR last IS NOT orders.version OR facts <> orders.version`
	),
	query(
		"I7 each fact of an order was announced once",
		`SELECT order_id, facts.version, facts.type, count(sent.id) AS announced
		FROM orders.order_events AS facts LEFT JOIN orders.outbox AS sent
			ON sent.subject = 'order/' || order_id AND sent.aggregate_version = facts.version AND sent.type = 'order.' || facts.type
		GROUP BY order_id, facts.version HAVING announced <> 1`
	)
];

function answeredOrders(books: Books): { key: string; id: number }[] {
	return [...books.ledger.byKey("orders.place").entries()].flatMap(([key, entries]) =>
		entries
			.filter(({ outcome }) => outcome === "ok")
			.map(({ body }) => ({ key, id: (JSON.parse(body!) as { id: number }).id }))
	);
}
