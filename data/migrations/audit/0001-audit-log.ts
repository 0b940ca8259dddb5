import type { Migration } from "../../../broker/sql/migrate.ts";

/** The log, which only ever grows, and the end of its chain: what is cut off the end is missed there. */
export const up: Migration["up"] = async sql => {
	await sql.run(`CREATE TABLE audit_log (
		seq INTEGER PRIMARY KEY,
		event_id TEXT NOT NULL UNIQUE,
		at TEXT NOT NULL,
		type TEXT NOT NULL,
		subject TEXT NOT NULL,
		source TEXT NOT NULL,
		version INTEGER,
		correlation_id TEXT NOT NULL,
		causation_id TEXT,
		traceparent TEXT,
		data TEXT NOT NULL,
		prev_hash TEXT NOT NULL,
		hash TEXT NOT NULL
	)`);
	await sql.run("CREATE INDEX audit_log_type ON audit_log (type, seq)");
	await sql.run("CREATE INDEX audit_log_subject ON audit_log (subject, seq)");
	await sql.run("CREATE INDEX audit_log_correlation ON audit_log (correlation_id, seq)");
	await sql.run(`CREATE TABLE audit_head (
		id INTEGER PRIMARY KEY CHECK (id = 1),
		seq INTEGER NOT NULL,
		hash TEXT NOT NULL
	)`);
	await sql.run(`INSERT INTO audit_head (id, seq, hash) VALUES (1, 0, '${"0".repeat(64)}')`);
};
