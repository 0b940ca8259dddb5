import type { Migration } from "../../../broker/sql/migrate.ts";

/** Why a reservation was released: whoever comes too late for it is told that, and not only that it is gone. */
export const up: Migration["up"] = async sql => {
	await sql.run("ALTER TABLE reservations ADD COLUMN released_for TEXT");
};
