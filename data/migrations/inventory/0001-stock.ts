import type { Migration } from "../../../broker/sql/migrate.ts";

/** What is on the shelf, who holds some of it, and every change of what is on hand. */
export const up: Migration["up"] = async sql => {
	await sql.run(`CREATE TABLE stock (
		product_id INTEGER PRIMARY KEY,
		on_hand INTEGER NOT NULL,
		reserved INTEGER NOT NULL DEFAULT 0,
		updated_at TEXT NOT NULL,
		CHECK (reserved >= 0 AND reserved <= on_hand)
	)`);
	await sql.run(`CREATE TABLE reservations (
		order_id INTEGER PRIMARY KEY,
		status TEXT NOT NULL CHECK (status IN ('HELD', 'COMMITTED', 'RELEASED', 'EXPIRED')),
		items TEXT NOT NULL,
		expires_at TEXT,
		correlation_id TEXT NOT NULL,
		created_at TEXT NOT NULL,
		updated_at TEXT NOT NULL,
		CHECK (status <> 'HELD' OR expires_at IS NOT NULL)
	)`);
	await sql.run("CREATE INDEX reservations_due ON reservations (expires_at) WHERE status = 'HELD'");
	await sql.run(`CREATE TABLE movements (
		id INTEGER PRIMARY KEY AUTOINCREMENT,
		product_id INTEGER NOT NULL REFERENCES stock (product_id),
		delta INTEGER NOT NULL CHECK (delta <> 0),
		kind TEXT NOT NULL CHECK (kind IN ('COUNTED', 'ADJUSTED', 'SOLD', 'RETURNED')),
		reason TEXT,
		order_id INTEGER,
		at TEXT NOT NULL
	)`);
	await sql.run("CREATE INDEX movements_product ON movements (product_id, id)");
};
