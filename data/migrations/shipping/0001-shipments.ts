import type { Migration } from "../../../broker/sql/migrate.ts";

/** One shipment an order. */
export const up: Migration["up"] = async sql => {
	// A row without a user is a tombstone: the order was given up before its shipment came.
	await sql.run(`CREATE TABLE shipments (
		id INTEGER PRIMARY KEY AUTOINCREMENT,
		order_id INTEGER NOT NULL UNIQUE,
		user_id INTEGER,
		status TEXT NOT NULL CHECK (status IN ('CREATED', 'DISPATCHED', 'DELIVERED', 'CANCELLED', 'REFUSED')),
		address TEXT,
		tracking TEXT UNIQUE,
		ready INTEGER NOT NULL DEFAULT 0 CHECK (ready IN (0, 1)),
		version INTEGER NOT NULL,
		created_at TEXT NOT NULL,
		updated_at TEXT NOT NULL,
		CHECK (user_id IS NOT NULL OR status = 'CANCELLED'),
		CHECK ((tracking IS NOT NULL) = (status IN ('DISPATCHED', 'DELIVERED'))),
		CHECK (ready = 1 OR status NOT IN ('DISPATCHED', 'DELIVERED'))
	)`);
};
