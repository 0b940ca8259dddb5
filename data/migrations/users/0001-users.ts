import type { Migration } from "../../../broker/sql/migrate.ts";

/**
 * Accounts, their logins and the logins that failed. A removed account keeps its row without anything that names a person:
 * orders point to it. A session is a family of refresh tokens; of these only hashes are kept.
 */
export const up: Migration["up"] = async sql => {
	await sql.run(`CREATE TABLE users (
		id INTEGER PRIMARY KEY AUTOINCREMENT,
		name TEXT NOT NULL,
		email TEXT NOT NULL,
		email_key TEXT UNIQUE,
		phone TEXT,
		roles TEXT NOT NULL,
		password_hash TEXT NOT NULL,
		preferences TEXT NOT NULL,
		search TEXT NOT NULL,
		created_at TEXT NOT NULL,
		updated_at TEXT NOT NULL,
		removed_at TEXT,
		version INTEGER NOT NULL DEFAULT 1,
		CHECK ((email_key IS NULL) = (removed_at IS NOT NULL))
	)`);
	await sql.run(`CREATE TABLE sessions (
		id TEXT PRIMARY KEY,
		user_id INTEGER NOT NULL REFERENCES users (id),
		used_generation INTEGER NOT NULL,
		used_hash TEXT,
		used_at TEXT,
		created_at TEXT NOT NULL,
		expires_at TEXT NOT NULL,
		revoked_at TEXT
	)`);
	await sql.run("CREATE INDEX sessions_user ON sessions (user_id) WHERE revoked_at IS NULL");
	await sql.run("CREATE INDEX sessions_age ON sessions (expires_at)");
	// Deferred: rows that are appended are written table by table for a whole group of units.
	await sql.run(`CREATE TABLE refresh_tokens (
		hash TEXT PRIMARY KEY,
		session_id TEXT NOT NULL REFERENCES sessions (id) DEFERRABLE INITIALLY DEFERRED,
		generation INTEGER NOT NULL CHECK (generation > 0),
		expires_at TEXT NOT NULL
	)`);
	await sql.run("CREATE INDEX refresh_tokens_age ON refresh_tokens (expires_at)");
	await sql.run("CREATE INDEX refresh_tokens_session ON refresh_tokens (session_id)");
	await sql.run(`CREATE TABLE login_failures (
		who TEXT PRIMARY KEY,
		count INTEGER NOT NULL CHECK (count >= 0),
		locked_until TEXT,
		updated_at TEXT NOT NULL
	)`);
	await sql.run("CREATE INDEX login_failures_age ON login_failures (updated_at)");
};
