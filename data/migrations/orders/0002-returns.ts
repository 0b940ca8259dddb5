import type { Migration } from "../../../broker/sql/migrate.ts";

/** Goods that come back. What the customer wrote is gone once the account is removed and the return is over. */
export const up: Migration["up"] = async sql => {
	await sql.run(`CREATE TABLE returns (
		id INTEGER PRIMARY KEY AUTOINCREMENT,
		order_id INTEGER NOT NULL,
		user_id INTEGER NOT NULL,
		status TEXT NOT NULL CHECK (status IN ('REQUESTED', 'ACCEPTED', 'REFUSED', 'COMPLETED')),
		items TEXT NOT NULL,
		amount INTEGER NOT NULL CHECK (amount >= 0),
		currency TEXT NOT NULL,
		reason TEXT,
		refusal TEXT,
		created_at TEXT NOT NULL,
		updated_at TEXT NOT NULL,
		version INTEGER NOT NULL,
		CHECK ((refusal IS NOT NULL) = (status = 'REFUSED'))
	)`);
	await sql.run("CREATE INDEX returns_order ON returns (order_id, id)");
	await sql.run("CREATE INDEX returns_user ON returns (user_id, id)");
	await sql.run("CREATE INDEX returns_status ON returns (status, id)");
};
