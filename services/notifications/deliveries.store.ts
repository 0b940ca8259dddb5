import { isoNow } from "../../broker/ids.ts";
import { oneOf } from "../../broker/sql/sql.ts";
import type { Store, Unit } from "../../broker/sql/store.ts";
import type { Delivery } from "./notifications.contract.ts";
import { type NotificationRow, subjectOf } from "./notifications.store.ts";

interface DeliveryRow {
	number: number;
	via: string;
	message_id: string;
	started_at: string;
	ended_at: string | null;
	outcome: Delivery["outcome"];
	error: string | null;
}

/** Messages of a channel whose time has come, those first that wait longest. */
export const due = (store: Store, channel: string, limit: number): Promise<{ id: number }[]> =>
	store.all<{ id: number }>(
		`SELECT id FROM notifications WHERE removed_at IS NULL AND status = 'PENDING' AND channel = ? AND next_try_at <= ?
		ORDER BY next_try_at, id LIMIT ?`,
		[channel, isoNow(), limit]
	);

/**
 * Writes down that messages are about to be tried, and answers those that still wait, in the order given. A try of theirs that
 * never ended was cut off: nobody knows any more whether it went out. Until the lease ends nobody else takes them up.
 */
export async function begin(
	unit: Unit,
	ids: readonly number[],
	via: string,
	leaseUntil: string
): Promise<NotificationRow[]> {
	const these = oneOf("id", ids);
	const rows = await unit.all<NotificationRow>(
		`UPDATE notifications SET tries = tries + 1, next_try_at = ?
		WHERE status = 'PENDING' AND removed_at IS NULL AND next_try_at <= ? AND ${these.sql} RETURNING *`,
		[leaseUntil, unit.now, ...these.values]
	);
	const taken = oneOf(
		"notification_id",
		rows.map(({ id }) => id)
	);
	await unit.run(`UPDATE deliveries SET outcome = 'UNKNOWN', ended_at = ? WHERE outcome = 'TRYING' AND ${taken.sql}`, [
		unit.now,
		...taken.values
	]);
	for (const { id, tries, message_id } of rows)
		unit.append("deliveries", {
			notification_id: id,
			number: tries,
			via,
			message_id,
			started_at: unit.now,
			outcome: "TRYING"
		});
	return rows.sort((one, other) => ids.indexOf(one.id) - ids.indexOf(other.id));
}

/** Goes on holding messages whose tries have not ended. */
export function hold(store: Store, ids: readonly number[], leaseUntil: string): Promise<number> {
	const trying = oneOf("notification_id", ids);
	return store.database.apply(
		"notifications/lease",
		`UPDATE notifications SET next_try_at = ? WHERE status = 'PENDING'
			AND id IN (SELECT notification_id FROM deliveries WHERE outcome = 'TRYING' AND ${trying.sql})`,
		[leaseUntil, ...trying.values]
	);
}

/** Records that a message went out, and announces it. It is not announced when it was removed meanwhile. */
export async function markSent(unit: Unit, { id, tries }: NotificationRow): Promise<void> {
	await end(unit, id, tries, "SENT", null);
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

/** How a try failed, and when the next one is, if there is one. */
export interface Failure {
	outcome: "FAILED" | "UNKNOWN";
	error: string;
	/** How many tries are used up by now. */
	attempt: number;
	nextTryAt: string | undefined;
}

/** Records a try that failed. Of somebody who is gone meanwhile it keeps no word. */
export async function markFailed(
	unit: Unit,
	{ id, tries }: NotificationRow,
	{ outcome, error, attempt, nextTryAt }: Failure
): Promise<void> {
	const left = await unit.run(
		`UPDATE notifications SET status = ?, attempts = ?, last_error = ?, next_try_at = ?, version = version + 1
		WHERE id = ? AND status = 'PENDING' AND removed_at IS NULL`,
		[nextTryAt === undefined ? "FAILED" : "PENDING", attempt, error, nextTryAt ?? unit.now, id]
	);
	await end(unit, id, tries, outcome, left > 0 ? error : null);
}

const end = (unit: Unit, id: number, number: number, outcome: Delivery["outcome"], error: string | null) =>
	unit.run("UPDATE deliveries SET outcome = ?, ended_at = ?, error = ? WHERE notification_id = ? AND number = ?", [
		outcome,
		unit.now,
		error,
		id,
		number
	]);

/** The tries of a message from below a number, the newest first. */
export async function deliveriesOf(
	store: Store,
	id: number,
	limit: number,
	below = Number.MAX_SAFE_INTEGER
): Promise<Delivery[]> {
	const rows = await store.all<DeliveryRow>(
		"SELECT * FROM deliveries WHERE notification_id = ? AND number < ? ORDER BY number DESC LIMIT ?",
		[id, below, limit]
	);
	return rows.map(row => ({
		number: row.number,
		via: row.via,
		messageId: row.message_id,
		startedAt: row.started_at,
		endedAt: row.ended_at ?? undefined,
		outcome: row.outcome,
		error: row.error ?? undefined
	}));
}
