import type { Migration } from "../../../broker/sql/migrate.ts";

/** Orders that wait for a person, and what pays for each of them once it goes on. */
export const up: Migration["up"] = async sql => {
	await sql.allowValues("orders", "status", ["PENDING", "HELD", "CONFIRMED", "SHIPPED", "DELIVERED", "CANCELLED"]);
	await sql.run("CREATE TABLE held_orders (order_id INTEGER PRIMARY KEY, payment_token TEXT NOT NULL)");
};
