import { type Invariant, query, settling } from "./invariant.ts";

const NOW = "strftime('%Y-%m-%dT%H:%M:%fZ', 'now')";
const WAITS = "removed_at IS NULL AND status IN ('OPEN', 'IN_PROGRESS')";

/** What is to happen at a time happens, once. */
export const tasks: Invariant[] = [
	{
		name: "I5 what was due has happened",
		settles: true,
		breaches: books => books.everywhere(`SELECT * FROM @.timers WHERE due_at < ${NOW} OR attempts > 0`)
	},
	query(
		"I5 a task is said to be overdue, and to be escalated, once for each due time",
		`SELECT subject, type, payload -> 'data' -> 'task' ->> 'dueAt' AS due, count(*) AS n FROM tasks.outbox
		WHERE type IN ('task.overdue', 'task.escalated') GROUP BY 1, 2, 3 HAVING n > 1`
	),
	query(
		"I5 a task waits for its due time, or to be escalated, and one that needs no doing for nothing",
		`SELECT tasks.id, status, removed_at, tasks.due_at, overdue_at, escalated_at, timers.kind, timers.due_at AS waits
		FROM tasks.tasks LEFT JOIN (SELECT kind, subject, due_at FROM tasks.timers) AS timers ON subject = 'task/' || id
		WHERE timers.kind IS NOT CASE
			WHEN NOT (${WAITS}) OR tasks.due_at IS NULL OR escalated_at IS NOT NULL THEN NULL
			WHEN overdue_at IS NULL THEN 'due' ELSE 'escalation' END
			OR (timers.kind = 'due' AND timers.due_at IS NOT tasks.due_at)`
	),
	settling(
		"I5 a parcel has left when the task to ship it is done",
		`SELECT tasks.id, about, shipments.status FROM tasks.tasks JOIN shipping.shipments ON about = 'order/' || order_id
		WHERE kind = 'ship' AND tasks.status = 'DONE' AND shipments.status = 'CREATED'`
	),
	settling(
		"I5 nothing is to be done for an order that has left or was cancelled",
		`SELECT tasks.id, kind, about, orders.status FROM tasks.tasks JOIN orders.orders ON about = 'order/' || orders.id
		WHERE kind IN ('pick', 'pack', 'ship') AND tasks.status IN ('OPEN', 'IN_PROGRESS') AND removed_at IS NULL
			AND orders.status IN ('SHIPPED', 'DELIVERED', 'CANCELLED')`
	),
	settling(
		"I5 an order that is held for review has somebody to look at it, and no other has",
		`SELECT orders.id, orders.status, tasks.id AS task, tasks.status AS task_status FROM orders.orders
		LEFT JOIN tasks.tasks ON about = 'order/' || orders.id AND kind = 'review' AND removed_at IS NULL
			AND tasks.status IN ('OPEN', 'IN_PROGRESS')
		WHERE CASE orders.status WHEN 'HELD' THEN body -> 'heldFor' LIKE '%REVIEW%' AND tasks.id IS NULL
			ELSE tasks.id IS NOT NULL END`
	),
	query(
		"I6 every version of a task was told once",
		`SELECT id, version, count(seq) AS told FROM tasks.tasks LEFT JOIN (SELECT seq, subject FROM tasks.outbox)
			ON subject = 'task/' || id
		GROUP BY id HAVING told <> version`
	)
];
