import type { Migration } from "../../../broker/sql/migrate.ts";

/** A user's own list. */
export const up: Migration["up"] = async sql => {
	await sql.run("CREATE INDEX payments_user ON payments (user_id, id)");
};
