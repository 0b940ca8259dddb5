import { DataTypes } from "sequelize";
import type { Origin } from "../../broker/context.ts";
import type { Store, Unit } from "../../broker/sql/store.ts";
import type { Model } from "../../mixins/store.mixin.ts";
import type { Notification } from "./notifications.contract.ts";
import { NotificationNotFound } from "./notifications.errors.ts";

/** A message in its table. */
export interface NotificationRow {
	id: number;
	user_id: number;
	kind: Notification["kind"];
	channel: Notification["channel"];
	recipient: string;
	recipient_name: string;
	language: string;
	subject: string;
	text: string;
	html: string;
	message_id: string;
	status: Notification["status"];
	sends: number;
	tries: number;
	attempts: number;
	last_error: string | null;
	correlation_id: string;
	causation_id: string | null;
	traceparent: string | null;
	created_at: string;
	sent_at: string | null;
	version: number;
}

/** The table as lists read it. */
export const model: Model = {
	name: "notifications",
	define: {
		id: { type: DataTypes.INTEGER, primaryKey: true },
		user_id: DataTypes.INTEGER,
		kind: DataTypes.STRING,
		channel: DataTypes.STRING,
		recipient: DataTypes.STRING,
		subject: DataTypes.STRING,
		text: DataTypes.TEXT,
		status: DataTypes.STRING,
		sends: DataTypes.INTEGER,
		last_error: DataTypes.STRING,
		created_at: DataTypes.STRING,
		sent_at: DataTypes.STRING,
		removed_at: DataTypes.STRING,
		version: DataTypes.INTEGER
	},
	options: { tableName: "notifications", timestamps: false }
};

const HERE = "SELECT * FROM notifications WHERE removed_at IS NULL";

/** A message as the contract shows it; why it failed is for staff to see. */
export const notificationOf = (row: NotificationRow, forStaff: boolean): Notification => ({
	id: row.id,
	userId: row.user_id,
	kind: row.kind,
	channel: row.channel,
	recipient: row.recipient,
	subject: row.subject,
	text: row.text,
	status: row.status,
	sends: row.sends,
	error: forStaff ? (row.last_error ?? undefined) : undefined,
	createdAt: row.created_at,
	sentAt: row.sent_at ?? undefined,
	version: row.version
});

/** What a subject of a notification's events is called. */
export const subjectOf = (id: number): string => `notification/${id}`;

/** One message. Throws NotificationNotFound. */
export async function find(sql: Pick<Store | Unit, "get">, id: number): Promise<NotificationRow> {
	const row = await sql.get<NotificationRow>(`${HERE} AND id = ?`, [id]);
	if (!row) throw new NotificationNotFound(id);
	return row;
}

/** A message to be written: its kind and what it is about make it one of its own for its user and channel. */
export interface Draft {
	kind: Notification["kind"];
	about: string;
	channel: Notification["channel"];
	userId: number;
	recipient: string;
	recipientName: string;
	language: string;
	subject: string;
	text: string;
	html: string;
	messageId: string;
	origin: Origin;
}

/** Writes a message that will be sent. Resolves to undefined when the user has been told of this by this channel before. */
export function insert(unit: Unit, draft: Draft): Promise<NotificationRow | undefined> {
	const { origin } = draft;
	return unit.get<NotificationRow>(
		`INSERT INTO notifications (user_id, kind, about, channel, recipient, recipient_name, language, subject, text, html,
			message_id, next_try_at, correlation_id, causation_id, traceparent, created_at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (kind, about, user_id, channel) DO NOTHING RETURNING *`,
		[
			draft.userId,
			draft.kind,
			draft.about,
			draft.channel,
			draft.recipient,
			draft.recipientName,
			draft.language,
			draft.subject,
			draft.text,
			draft.html,
			draft.messageId,
			unit.now,
			origin.correlationId,
			origin.causationId ?? null,
			origin.traceparent ?? null,
			unit.now
		]
	);
}

/** Puts a message in the queue again, whatever became of it before: what went out is a new sending, the rest the same. */
export const requeue = (unit: Unit, id: number, messageId: string): Promise<NotificationRow | undefined> =>
	unit.get<NotificationRow>(
		`UPDATE notifications SET message_id = CASE WHEN status = 'SENT' THEN ? ELSE message_id END, status = 'PENDING',
			attempts = 0, next_try_at = ?, version = version + 1
		WHERE id = ? AND removed_at IS NULL RETURNING *`,
		[messageId, unit.now, id]
	);

/** Empties a message and hides it. Its row stays, so that an event that comes late does not tell of it again. */
export const markRemoved = (unit: Unit, id: number): Promise<number> =>
	unit.run(
		`UPDATE notifications SET removed_at = ?, subject = '', text = '', html = '', version = version + 1
		WHERE id = ? AND removed_at IS NULL`,
		[unit.now, id]
	);

/**
 * Forgets a user who is gone: what waits is not sent, and nothing says any more who they were. Nothing is written to them
 * from now on, however late an event comes.
 */
export async function forget(unit: Unit, userId: number): Promise<void> {
	await unit.run("INSERT INTO departed (user_id, departed_at) VALUES (?, ?) ON CONFLICT DO NOTHING", [
		userId,
		unit.now
	]);
	// What a mail server says of an address has the address in it.
	await unit.run(
		`UPDATE deliveries SET error = NULL
		WHERE error IS NOT NULL AND notification_id IN (SELECT id FROM notifications WHERE user_id = ?)`,
		[userId]
	);
	await unit.run(
		`UPDATE notifications SET removed_at = COALESCE(removed_at, ?), recipient = '', recipient_name = '', subject = '',
			text = '', html = '', last_error = NULL, version = version + 1 WHERE user_id = ?`,
		[unit.now, userId]
	);
}

/** Whether a user is gone. */
export const hasDeparted = async (unit: Unit, userId: number): Promise<boolean> =>
	(await unit.get("SELECT user_id FROM departed WHERE user_id = ?", [userId])) !== undefined;
