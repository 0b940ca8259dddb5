import type { Migration } from "../../../broker/sql/migrate.ts";

/**
 * Orders that wait for a person, and what pays for each of them once it goes on. The table of orders is made anew, as SQLite
 * cannot change the rule on its states.
 */
export const up: Migration["up"] = async sql => {
	await sql.run(`CREATE TABLE orders_anew (
		id INTEGER PRIMARY KEY AUTOINCREMENT,
		user_id INTEGER NOT NULL,
		status TEXT NOT NULL CHECK (status IN ('PENDING', 'HELD', 'CONFIRMED', 'SHIPPED', 'DELIVERED', 'CANCELLED')),
		version INTEGER NOT NULL,
		body TEXT NOT NULL
	)`);
	const { last } = (await sql.get<{ last: number }>("SELECT COALESCE(MAX(id), 0) AS last FROM orders"))!;
	if (last > 0) await sql.idsFrom("orders_anew", last + 1);
	await sql.run(`INSERT INTO orders_anew (id, user_id, status, version, body)
		SELECT id, user_id, status, version, body FROM orders ORDER BY id`);
	await sql.run("DROP TABLE orders");
	await sql.run("ALTER TABLE orders_anew RENAME TO orders");
	await sql.run("CREATE INDEX orders_user ON orders (user_id)");
	await sql.run("CREATE TABLE held_orders (order_id INTEGER PRIMARY KEY, payment_token TEXT NOT NULL)");
};
