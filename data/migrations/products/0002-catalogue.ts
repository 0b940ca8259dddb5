import type { Migration } from "../../../broker/sql/migrate.ts";
import { searchText } from "../../../broker/words.ts";

/**
 * Categories, images, every price a product had, search by words, and imports: an imported product is not listed before
 * its stock stands. What points to a younger table is looked at when the transaction ends, so that a copy may bring it first.
 */
export const up: Migration["up"] = async sql => {
	await sql.run(`CREATE TABLE product_categories (
		id INTEGER PRIMARY KEY AUTOINCREMENT,
		name TEXT NOT NULL,
		words TEXT NOT NULL UNIQUE,
		created_at TEXT NOT NULL,
		updated_at TEXT NOT NULL,
		version INTEGER NOT NULL DEFAULT 1
	)`);
	await sql.run(`CREATE TABLE product_imports (
		id INTEGER PRIMARY KEY AUTOINCREMENT,
		source TEXT NOT NULL,
		batch INTEGER NOT NULL,
		fingerprint TEXT NOT NULL,
		user_id INTEGER,
		accepted INTEGER NOT NULL,
		refused TEXT NOT NULL,
		created_at TEXT NOT NULL,
		listed_at TEXT,
		UNIQUE (source, batch)
	)`);
	await sql.run("CREATE INDEX product_imports_pending ON product_imports (id) WHERE listed_at IS NULL");
	await sql.run(
		"ALTER TABLE products ADD COLUMN category_id INTEGER REFERENCES product_categories (id) DEFERRABLE INITIALLY DEFERRED"
	);
	await sql.run("ALTER TABLE products ADD COLUMN images TEXT NOT NULL DEFAULT '[]'");
	await sql.run("ALTER TABLE products ADD COLUMN import_id INTEGER");
	await sql.run("ALTER TABLE products ADD COLUMN listed INTEGER NOT NULL DEFAULT 1");
	await sql.run("CREATE INDEX products_category ON products (category_id, id)");
	await sql.run("CREATE INDEX products_import ON products (import_id) WHERE listed = 0");
	await sql.run(`CREATE TABLE product_prices (
		id INTEGER PRIMARY KEY AUTOINCREMENT,
		product_id INTEGER NOT NULL REFERENCES products (id),
		price INTEGER NOT NULL,
		currency TEXT NOT NULL,
		user_id INTEGER,
		at TEXT NOT NULL
	)`);
	await sql.run("CREATE INDEX product_prices_product ON product_prices (product_id, id)");
	await sql.run(
		"INSERT INTO product_prices (product_id, price, currency, at) SELECT id, price, currency, updated_at FROM products ORDER BY id"
	);
	const rows = await sql.all<{ id: number; name: string; description: string }>(
		"SELECT id, name, description FROM products"
	);
	for (const { id, name, description } of rows)
		await sql.run("UPDATE products SET search = ? WHERE id = ?", [searchText(name, description), id]);
	await sql.indexWords("products", "search");
};
