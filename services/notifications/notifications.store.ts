import { DataTypes } from "sequelize";
import type { Origin } from "../../broker/context.ts";
import type { Store, Unit } from "../../broker/sql/store.ts";
import type { Model } from "../../mixins/store.mixin.ts";
import type { Letter } from "./letters.ts";
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
	subject: string;
	text: string;
	status: Notification["status"];
	sends: number;
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
const subjectOf = (id: number): string => `notification/${id}`;

/** One message. Throws NotificationNotFound. */
export async function find(sql: Pick<Store | Unit, "get">, id: number): Promise<NotificationRow> {
	const row = await sql.get<NotificationRow>(`${HERE} AND id = ?`, [id]);
	if (!row) throw new NotificationNotFound(id);
	return row;
}

/** A message to be written: its kind and what it is about make it one of its own for its recipient. */
export interface Draft extends Letter {
	kind: Notification["kind"];
	about: string;
	to: { id: number; name: string; email: string };
	origin: Origin;
}

/** Writes a message that will be sent. Resolves to undefined when the recipient has been told of this before. */
export function insert(
	unit: Unit,
	{ kind, about, to, origin, subject, text }: Draft
): Promise<NotificationRow | undefined> {
	return unit.get<NotificationRow>(
		`INSERT INTO notifications (user_id, kind, about, channel, recipient, recipient_name, subject, text, next_try_at,
			correlation_id, causation_id, traceparent, created_at)
		VALUES (?, ?, ?, 'email', ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (kind, about, recipient) DO NOTHING RETURNING *`,
		[
			to.id,
			kind,
			about,
			to.email,
			to.name,
			subject,
			text,
			unit.now,
			origin.correlationId,
			origin.causationId ?? null,
			origin.traceparent ?? null,
			unit.now
		]
	);
}

/** Puts a message in the queue again, whatever became of it before. */
export const requeue = (unit: Unit, id: number): Promise<NotificationRow | undefined> =>
	unit.get<NotificationRow>(
		`UPDATE notifications SET status = 'PENDING', attempts = 0, next_try_at = ?, version = version + 1
		WHERE id = ? AND removed_at IS NULL RETURNING *`,
		[unit.now, id]
	);

/** Empties a message and hides it. Its row stays, so that an event that comes late does not tell of it again. */
export const markRemoved = (unit: Unit, id: number): Promise<number> =>
	unit.run(
		`UPDATE notifications SET removed_at = ?, subject = '', text = '', version = version + 1
		WHERE id = ? AND removed_at IS NULL`,
		[unit.now, id]
	);

/** Messages whose time has come, those first that wait longest. */
export const due = (store: Store, now: string, limit: number): Promise<NotificationRow[]> =>
	store.all<NotificationRow>(`${HERE} AND status = 'PENDING' AND next_try_at <= ? ORDER BY next_try_at, id LIMIT ?`, [
		now,
		limit
	]);

/** Records that a message went out, and announces it. Does nothing when it was removed meanwhile. */
export async function markSent(unit: Unit, { id }: NotificationRow): Promise<void> {
	const row = await unit.get<NotificationRow>(
		`UPDATE notifications SET status = 'SENT', sends = sends + 1, attempts = 0, last_error = NULL, sent_at = ?,
			version = version + 1
		WHERE id = ? AND status = 'PENDING' AND removed_at IS NULL RETURNING *`,
		[unit.now, id]
	);
	if (!row) return;
	const { user_id: userId, kind, channel, version } = row;
	unit.emit("notification.sent", subjectOf(id), { notificationId: id, userId, kind, channel }, version);
}

/** Records a try that failed: when the next one is, or that there is none. */
export const markFailed = (unit: Unit, id: number, error: string, nextTryAt: string | undefined): Promise<number> =>
	unit.run(
		`UPDATE notifications SET status = ?, attempts = attempts + 1, last_error = ?, next_try_at = ?, version = version + 1
		WHERE id = ? AND status = 'PENDING' AND removed_at IS NULL`,
		[nextTryAt === undefined ? "FAILED" : "PENDING", error, nextTryAt ?? unit.now, id]
	);
