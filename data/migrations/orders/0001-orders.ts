import type { Migration } from "../../../broker/sql/migrate.ts";

/** What happened to each order is the truth; the orders table is what it amounts to. */
export const up: Migration["up"] = async sql => {
	await sql.run(`CREATE TABLE orders (
		id INTEGER PRIMARY KEY AUTOINCREMENT,
		user_id INTEGER NOT NULL,
		status TEXT NOT NULL CHECK (status IN ('PENDING', 'CONFIRMED', 'SHIPPED', 'DELIVERED', 'CANCELLED')),
		version INTEGER NOT NULL,
		body TEXT NOT NULL
	)`);
	await sql.run("CREATE INDEX orders_user ON orders (user_id)");
	await sql.run(`CREATE TABLE order_events (
		order_id INTEGER NOT NULL,
		version INTEGER NOT NULL,
		type TEXT NOT NULL,
		at TEXT NOT NULL,
		data TEXT NOT NULL,
		PRIMARY KEY (order_id, version)
	) WITHOUT ROWID`);
};
