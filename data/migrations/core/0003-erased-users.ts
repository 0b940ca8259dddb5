import type { Migration } from "../../../broker/sql/migrate.ts";

/** Users whose account was removed, for what names them and is still needed when that is heard of. */
export const up: Migration["up"] = async sql => {
	await sql.run("CREATE TABLE erased_users (user_id INTEGER PRIMARY KEY, erased_at TEXT NOT NULL)");
};
