import type { Migration } from "../../../broker/sql/migrate.ts";

const OLD = `id, user_id, kind, about, channel, recipient, recipient_name, subject, text, status, sends, attempts, last_error,
	next_try_at, correlation_id, causation_id, traceparent, created_at, sent_at, removed_at, version`;

/**
 * Messages by more than one channel, each once for its user whatever their address is by then; a log of what was tried; and
 * who is gone. The table is made anew, as SQLite cannot drop the old rule.
 */
export const up: Migration["up"] = async sql => {
	await sql.run(`CREATE TABLE messages (
		id INTEGER PRIMARY KEY AUTOINCREMENT,
		user_id INTEGER NOT NULL,
		kind TEXT NOT NULL,
		about TEXT NOT NULL,
		channel TEXT NOT NULL CHECK (channel IN ('email', 'sms', 'webhook')),
		recipient TEXT NOT NULL,
		recipient_name TEXT NOT NULL,
		language TEXT NOT NULL,
		subject TEXT NOT NULL,
		text TEXT NOT NULL,
		html TEXT NOT NULL,
		message_id TEXT NOT NULL,
		status TEXT NOT NULL DEFAULT 'PENDING' CHECK (status IN ('PENDING', 'SENT', 'FAILED')),
		sends INTEGER NOT NULL DEFAULT 0,
		tries INTEGER NOT NULL DEFAULT 0,
		attempts INTEGER NOT NULL DEFAULT 0,
		last_error TEXT,
		next_try_at TEXT NOT NULL,
		correlation_id TEXT NOT NULL,
		causation_id TEXT,
		traceparent TEXT,
		created_at TEXT NOT NULL,
		sent_at TEXT,
		removed_at TEXT,
		version INTEGER NOT NULL DEFAULT 1,
		UNIQUE (kind, about, user_id, channel),
		CHECK (status != 'SENT' OR (sent_at IS NOT NULL AND sends > 0))
	)`);
	const { last } = (await sql.get<{ last: number }>("SELECT COALESCE(MAX(id), 0) AS last FROM notifications"))!;
	if (last > 0) await sql.idsFrom("messages", last + 1);
	// Somebody who changed their address between two events of one kind was told twice: both stay.
	await sql.run(`INSERT INTO messages (${OLD}, language, html, message_id)
		SELECT id, user_id, kind,
			CASE WHEN EXISTS (SELECT 1 FROM notifications AS other WHERE other.id < notifications.id
				AND other.kind = notifications.kind AND other.about = notifications.about
				AND other.user_id = notifications.user_id)
			THEN about || ' ' || id ELSE about END,
			${OLD.slice(OLD.indexOf("channel"))}, 'en', '', id || '-' || kind || '.' || (sends + 1) || '@souk.test'
		FROM notifications ORDER BY id`);
	await sql.run("DROP TABLE notifications");
	await sql.run("ALTER TABLE messages RENAME TO notifications");
	await sql.run(
		"CREATE INDEX notifications_due ON notifications (channel, next_try_at, id) WHERE status = 'PENDING' AND removed_at IS NULL"
	);
	await sql.run("CREATE INDEX notifications_user ON notifications (user_id, id)");
	await sql.run(`CREATE TABLE deliveries (
		notification_id INTEGER NOT NULL REFERENCES notifications (id),
		number INTEGER NOT NULL CHECK (number > 0),
		via TEXT NOT NULL,
		message_id TEXT NOT NULL,
		started_at TEXT NOT NULL,
		ended_at TEXT,
		outcome TEXT NOT NULL CHECK (outcome IN ('TRYING', 'SENT', 'FAILED', 'UNKNOWN')),
		error TEXT,
		PRIMARY KEY (notification_id, number),
		CHECK ((outcome = 'TRYING') = (ended_at IS NULL))
	)`);
	await sql.run("CREATE INDEX deliveries_open ON deliveries (notification_id) WHERE outcome = 'TRYING'");
	await sql.run("CREATE TABLE departed (user_id INTEGER PRIMARY KEY, departed_at TEXT NOT NULL)");
};
