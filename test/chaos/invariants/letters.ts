import { type Invariant, query, settling } from "./invariant.ts";

const TOLD =
	"('user.created', 'order.confirmed', 'order.cancelled', 'order.shipped', 'order.delivered', 'payment.refunded')";

/** What a customer should know is told once: one message, one mail. */
export const letters: Invariant[] = [
	{
		name: "I8 every event that a customer should know of has one message",
		settles: true,
		breaches: books => {
			const written = new Map(
				books
					.rows<{ id: string; n: number }>(
						"SELECT causation_id AS id, count(*) AS n FROM notifications.notifications WHERE kind <> 'message' GROUP BY 1"
					)
					.map(({ id, n }) => [id, n])
			);
			return books
				.everywhere<{ id: string; type: string; subject: string }>(
					`SELECT id, type, subject FROM @.outbox WHERE type IN ${TOLD} AND payload -> 'data' ->> 'userId' IN (
						SELECT id FROM users.users WHERE removed_at IS NULL)`
				)
				.filter(({ id }) => written.get(id) !== 1);
		}
	},
	query(
		"I8 nobody has two messages of one kind about one thing",
		"SELECT kind, about, recipient FROM notifications.notifications GROUP BY kind, about, recipient HAVING count(*) > 1"
	),
	settling(
		"I8 every message was sent",
		"SELECT id, kind, status, last_error FROM notifications.notifications WHERE status <> 'SENT' AND removed_at IS NULL"
	),
	{
		name: "I8 every sent message is one mail, and there is no other mail",
		breaches(books) {
			const mails = new Map(books.mails().map(({ file, text }) => [file, text]));
			const sent = books.rows<{ id: number; file: string; recipient: string; removed: number }>(
				`SELECT id, id || '-' || kind || '.eml' AS file, recipient, removed_at IS NOT NULL AS removed
				FROM notifications.notifications`
			);
			const known = new Set(sent.map(({ file }) => file));
			const missing = sent.filter(
				({ file, recipient, removed }) => removed === 0 && !(mails.get(file) ?? "").includes(`<${recipient}>`)
			);
			return [...missing, ...[...mails.keys()].filter(file => !known.has(file)).map(file => ({ unknown: file }))];
		}
	}
];
