import type { Migration } from "../../../broker/sql/migrate.ts";

/** Which return brought goods back to the shelf: each does so once. */
export const up: Migration["up"] = async sql => {
	await sql.run("ALTER TABLE movements ADD COLUMN return_id INTEGER");
	await sql.run(
		"CREATE UNIQUE INDEX movements_return ON movements (return_id, product_id) WHERE return_id IS NOT NULL"
	);
};
