import { forPostgres } from "../../../broker/sql/migrate.ts";
import type { Database } from "../../../broker/sql/sql.ts";

const TABLES = [
	`CREATE TABLE IF NOT EXISTS authorizations (
		id INTEGER PRIMARY KEY AUTOINCREMENT,
		key TEXT NOT NULL UNIQUE,
		token TEXT NOT NULL,
		amount INTEGER NOT NULL CHECK (amount >= 0),
		currency TEXT NOT NULL,
		state TEXT NOT NULL CHECK (state IN ('pending', 'authorized', 'declined', 'captured', 'voided')),
		captured INTEGER NOT NULL DEFAULT 0,
		refunded INTEGER NOT NULL DEFAULT 0,
		reason TEXT,
		created_at TEXT NOT NULL,
		CHECK (captured IN (0, amount) AND (captured = 0 OR state = 'captured')),
		CHECK (refunded >= 0 AND refunded <= captured)
	)`,
	"CREATE INDEX IF NOT EXISTS authorizations_pending ON authorizations (id) WHERE state = 'pending'",
	`CREATE TABLE IF NOT EXISTS movements (
		id INTEGER PRIMARY KEY AUTOINCREMENT,
		authorization_id INTEGER NOT NULL REFERENCES authorizations (id),
		state TEXT NOT NULL,
		moved INTEGER NOT NULL,
		at TEXT NOT NULL
	)`,
	`CREATE TABLE IF NOT EXISTS requests (
		key TEXT PRIMARY KEY,
		request TEXT NOT NULL,
		answer TEXT NOT NULL,
		at TEXT NOT NULL
	)`,
	`CREATE TABLE IF NOT EXISTS notices (
		id INTEGER PRIMARY KEY AUTOINCREMENT,
		key TEXT NOT NULL,
		type TEXT NOT NULL,
		created_at TEXT NOT NULL,
		taken_at TEXT
	)`
];

/** Makes the tables of the simulated provider: another company's, so not among our migrations. */
export const openBooks = (database: Database): Promise<void> =>
	database.exclusively(() =>
		database.write("provider.open", async tx => {
			for (const table of TABLES) await tx.run(database.dialect === "postgres" ? forPostgres(table) : table);
		})
	);
