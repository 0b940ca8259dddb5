import type { Migration } from "../../../broker/sql/migrate.ts";

/** The messages. A removed one keeps its row, emptied: what it was about is not told again. */
export const up: Migration["up"] = async sql => {
	await sql.run(`CREATE TABLE notifications (
		id INTEGER PRIMARY KEY AUTOINCREMENT,
		user_id INTEGER NOT NULL,
		kind TEXT NOT NULL,
		about TEXT NOT NULL,
		channel TEXT NOT NULL CHECK (channel IN ('email')),
		recipient TEXT NOT NULL,
		recipient_name TEXT NOT NULL,
		subject TEXT NOT NULL,
		text TEXT NOT NULL,
		status TEXT NOT NULL DEFAULT 'PENDING' CHECK (status IN ('PENDING', 'SENT', 'FAILED')),
		sends INTEGER NOT NULL DEFAULT 0,
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
		UNIQUE (kind, about, recipient),
		CHECK (status != 'SENT' OR (sent_at IS NOT NULL AND sends > 0))
	)`);
	await sql.run(
		"CREATE INDEX notifications_due ON notifications (next_try_at, id) WHERE status = 'PENDING' AND removed_at IS NULL"
	);
	await sql.run("CREATE INDEX notifications_user ON notifications (user_id, id)");
};
