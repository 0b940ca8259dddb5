import type { Migration } from "../../../broker/sql/migrate.ts";

/** The tables every store has: events that leave, events that came, what could not be handled, and clients' keys. */
export const up: Migration["up"] = async sql => {
	await sql.run(`CREATE TABLE outbox (
		seq INTEGER PRIMARY KEY AUTOINCREMENT,
		id TEXT NOT NULL UNIQUE,
		topic TEXT NOT NULL,
		type TEXT NOT NULL,
		subject TEXT NOT NULL,
		aggregate_version INTEGER,
		payload TEXT NOT NULL,
		created_at TEXT NOT NULL,
		published_at TEXT
	)`);
	await sql.run("CREATE INDEX outbox_unpublished ON outbox (seq) WHERE published_at IS NULL");
	await sql.run("CREATE UNIQUE INDEX outbox_version ON outbox (subject, aggregate_version)");
	await sql.run(`CREATE TABLE inbox (
		consumer TEXT NOT NULL,
		event_id TEXT NOT NULL,
		received_at TEXT NOT NULL,
		PRIMARY KEY (consumer, event_id)
	) WITHOUT ROWID`);
	await sql.run(`CREATE TABLE dead_letters (
		id INTEGER PRIMARY KEY AUTOINCREMENT,
		consumer TEXT NOT NULL,
		event_id TEXT NOT NULL,
		type TEXT NOT NULL,
		subject TEXT NOT NULL,
		event TEXT NOT NULL,
		status TEXT NOT NULL CHECK (status IN ('PARKED', 'WAITING', 'RETRIED', 'DISCARDED')),
		error TEXT,
		attempts INTEGER NOT NULL DEFAULT 0,
		parked_at TEXT NOT NULL,
		resolved_at TEXT,
		UNIQUE (consumer, event_id)
	)`);
	await sql.run("CREATE INDEX dead_letters_open ON dead_letters (subject) WHERE status IN ('PARKED', 'WAITING')");
	await sql.run(`CREATE TABLE idempotency_keys (
		scope TEXT NOT NULL,
		key TEXT NOT NULL,
		fingerprint TEXT NOT NULL,
		result TEXT NOT NULL,
		created_at TEXT NOT NULL,
		PRIMARY KEY (scope, key)
	) WITHOUT ROWID`);
	await sql.run("CREATE INDEX idempotency_keys_age ON idempotency_keys (created_at)");
	await sql.run("CREATE TABLE seeds (name TEXT PRIMARY KEY, planted_at TEXT NOT NULL)");
};
