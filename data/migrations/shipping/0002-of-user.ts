import type { Migration } from "../../../broker/sql/migrate.ts";

/** A user's own list. */
export const up: Migration["up"] = async sql => {
	await sql.run("CREATE INDEX shipments_user ON shipments (user_id, id)");
};
