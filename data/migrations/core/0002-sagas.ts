import type { Migration } from "../../../broker/sql/migrate.ts";

/** The log of sagas: where each one stands, who works on it, and its timeline. */
export const up: Migration["up"] = async sql => {
	await sql.run(`CREATE TABLE sagas (
		id INTEGER PRIMARY KEY AUTOINCREMENT,
		type TEXT NOT NULL,
		version INTEGER NOT NULL,
		subject TEXT NOT NULL,
		status TEXT NOT NULL,
		step INTEGER NOT NULL DEFAULT 0,
		data TEXT NOT NULL,
		reason TEXT,
		error TEXT,
		attempts INTEGER NOT NULL DEFAULT 0,
		correlation_id TEXT NOT NULL,
		traceparent TEXT,
		lease_owner TEXT,
		lease_until INTEGER NOT NULL,
		fence INTEGER NOT NULL,
		next_run_at INTEGER NOT NULL,
		created_at TEXT NOT NULL,
		updated_at TEXT NOT NULL
	)`);
	await sql.run("CREATE INDEX sagas_due ON sagas (next_run_at) WHERE status IN ('RUNNING', 'COMPENSATING', 'WATCHED')");
	await sql.run("CREATE INDEX sagas_subject ON sagas (subject)");
	await sql.run(`CREATE TABLE saga_steps (
		id INTEGER PRIMARY KEY AUTOINCREMENT,
		saga_id INTEGER NOT NULL,
		step TEXT NOT NULL,
		direction TEXT NOT NULL,
		status TEXT NOT NULL,
		attempt INTEGER NOT NULL,
		detail TEXT,
		at TEXT NOT NULL
	)`);
	await sql.run("CREATE INDEX saga_steps_saga ON saga_steps (saga_id)");
};
