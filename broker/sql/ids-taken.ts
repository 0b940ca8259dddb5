import type { Database, Tx } from "./sql.ts";

/**
 * Lets the ids that a table gives by itself go on behind one that is written by hand. To be called before that is: the counter
 * of Postgres stands apart from its table, and is not taken back with a unit that fails. SQLite looks at the rows.
 */
export async function idsTaken(
	tx: Tx,
	{ dialect }: Database,
	table: string,
	column: string,
	last: number
): Promise<void> {
	if (dialect === "sqlite") return;
	const counter = `pg_get_serial_sequence('${table}', '${column}')`;
	await tx.all(`SELECT setval(${counter}, GREATEST(?, nextval(${counter}) - 1, 1))`, [last]);
}
