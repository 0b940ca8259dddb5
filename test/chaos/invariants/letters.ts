import { type Invariant, query, settling } from "./invariant.ts";

const TOLD =
	"('user.created', 'order.held', 'order.confirmed', 'order.cancelled', 'order.shipped', 'order.delivered', 'payment.refunded', 'task.completed', " +
	"'return.requested', 'return.refused', 'return.completed')";
/** Whom: the user that an event is about, or who opened a task. */
const WHOM =
	"CASE type WHEN 'task.completed' THEN payload -> 'data' -> 'task' ->> 'createdBy' ELSE payload -> 'data' ->> 'userId' END";

/** Of these they are told by SMS, too, when they gave a number. */
const TEXTED = [
	"order.held",
	"order.confirmed",
	"order.cancelled",
	"order.shipped",
	"order.delivered",
	"return.requested",
	"return.refused",
	"return.completed"
];

/** What a customer should know is told once by each channel: one message, and where it is a mail, one mail. */
export const letters: Invariant[] = [
	{
		name: "I8 every event that a customer should know of has one message by each channel that they wish",
		settles: true,
		breaches: books => {
			const written = new Map(
				books
					.rows<{ id: string; channel: string; n: number }>(
						`SELECT causation_id AS id, channel, count(*) AS n FROM notifications.notifications WHERE kind <> 'message'
						GROUP BY 1, 2`
					)
					.map(({ id, channel, n }) => [`${channel} ${id}`, n])
			);
			const texted = new Set(
				books
					.rows<{ id: number }>("SELECT id FROM users.users WHERE removed_at IS NULL AND phone IS NOT NULL")
					.map(({ id }) => id)
			);
			return books
				.everywhere<{ id: string; type: string; subject: string; user: number }>(
					`SELECT id, type, subject, ${WHOM} AS user FROM @.outbox
					WHERE type IN ${TOLD} AND user IN (SELECT id FROM users.users WHERE removed_at IS NULL)`
				)
				.filter(({ id, type, user }) => {
					const sms = TEXTED.includes(type) && texted.has(user) ? 1 : undefined;
					return written.get(`email ${id}`) !== 1 || written.get(`sms ${id}`) !== sms;
				});
		}
	},
	query(
		"I8 nobody has two messages of one kind about one thing by one channel",
		`SELECT kind, about, user_id, channel FROM notifications.notifications GROUP BY kind, about, user_id, channel
		HAVING count(*) > 1`
	),
	settling(
		"I8 every message was sent",
		"SELECT id, kind, status, last_error FROM notifications.notifications WHERE status <> 'SENT' AND removed_at IS NULL"
	),
	settling(
		"I8 every try has an outcome, and every sending has a try",
		`SELECT message.id, message.sends, message.tries, count(delivery.number) AS written,
			COALESCE(SUM(delivery.outcome = 'SENT'), 0) AS sent, COALESCE(SUM(delivery.outcome = 'TRYING'), 0) AS open
		FROM notifications.notifications AS message
		LEFT JOIN notifications.deliveries AS delivery ON delivery.notification_id = message.id
		WHERE message.removed_at IS NULL GROUP BY message.id
		HAVING written <> message.tries OR sent <> message.sends OR open > 0`
	),
	query(
		"I8 who is gone is named in no message",
		`SELECT id FROM notifications.notifications WHERE user_id IN (SELECT user_id FROM notifications.departed)
			AND (recipient || recipient_name || subject || text || html <> '' OR removed_at IS NULL)`
	),
	{
		name: "I8 every sent message is one mail, and there is no other mail",
		breaches(books) {
			const mails = new Map(books.mails().map(({ file, text }) => [file, text]));
			const sent = books.rows<{ id: number; file: string; recipient: string; messageId: string; removed: number }>(
				`SELECT id, id || '-' || kind || '.eml' AS file, recipient, message_id AS messageId,
					removed_at IS NOT NULL AS removed
				FROM notifications.notifications WHERE channel = 'email'`
			);
			const known = new Set(sent.map(({ file }) => file));
			const missing = sent.filter(({ file, recipient, messageId, removed }) => {
				const mail = mails.get(file) ?? "";
				return removed === 0 && !(mail.includes(`<${recipient}>`) && mail.includes(`<${messageId}>`));
			});
			return [...missing, ...[...mails.keys()].filter(file => !known.has(file)).map(file => ({ unknown: file }))];
		}
	}
];
