import type { Migration } from "../../../broker/sql/migrate.ts";

/** The catalogue. A removed product keeps its row: orders name it, and the sum of what was sold stays explicable. */
export const up: Migration["up"] = async sql => {
	await sql.run(`CREATE TABLE products (
		id INTEGER PRIMARY KEY AUTOINCREMENT,
		name TEXT NOT NULL,
		description TEXT NOT NULL,
		price INTEGER NOT NULL CHECK (price >= 0),
		currency TEXT NOT NULL CHECK (length(currency) = 3),
		search TEXT NOT NULL,
		created_at TEXT NOT NULL,
		updated_at TEXT NOT NULL,
		removed_at TEXT,
		version INTEGER NOT NULL DEFAULT 1
	)`);
	await sql.run("CREATE INDEX products_name ON products (name, id) WHERE removed_at IS NULL");
	await sql.run("CREATE INDEX products_price ON products (price, id) WHERE removed_at IS NULL");
	await sql.idsFrom("products", 101);
};
