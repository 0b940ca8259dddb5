import type { Migration } from "../../../broker/sql/migrate.ts";

/** What is to happen at a time: one row for each thing that shall happen to a subject, gone once it has. */
export const up: Migration["up"] = async sql => {
	await sql.run(`CREATE TABLE timers (
		kind TEXT NOT NULL,
		subject TEXT NOT NULL,
		due_at TEXT NOT NULL,
		data TEXT NOT NULL,
		correlation_id TEXT NOT NULL,
		traceparent TEXT,
		next_try_at TEXT NOT NULL,
		attempts INTEGER NOT NULL DEFAULT 0,
		faults INTEGER NOT NULL DEFAULT 0,
		error TEXT,
		parked_at TEXT,
		PRIMARY KEY (kind, subject)
	) WITHOUT ROWID`);
	await sql.run("CREATE INDEX timers_due ON timers (next_try_at)");
};
