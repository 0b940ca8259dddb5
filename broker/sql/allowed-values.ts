import type { Database, Sql } from "./sql.ts";

/**
 * Lets a column have more values than its `CHECK (column IN (…))` did. In Postgres, whose other processes may write
 * meanwhile, the rule alone is replaced. SQLite cannot do that: there the table is made anew, with its rows, its indexes
 * and the ids it has given; no other table may refer to it.
 */
export async function allowValues(
	sql: Sql,
	dialect: Database["dialect"],
	table: string,
	column: string,
	values: readonly string[]
): Promise<void> {
	const rule = `CHECK (${column} IN (${values.map(value => `'${value}'`).join(", ")}))`;
	if (dialect === "postgres") {
		const name = `${table}_${column}_check`;
		// What is there obeys the narrower rule; it need not be looked through.
		await sql.run(`ALTER TABLE ${table} DROP CONSTRAINT ${name}, ADD CONSTRAINT ${name} ${rule} NOT VALID`);
		return;
	}
	const made = await sql.all<{ type: string; sql: string }>(
		"SELECT type, sql FROM sqlite_master WHERE tbl_name = ? AND sql IS NOT NULL",
		[table]
	);
	const before = made.find(({ type }) => type === "table")?.sql ?? "";
	const anew = `${table}_anew`;
	const after = before
		.replace(new RegExp(`CHECK \\(${column} IN \\([^)]*\\)\\)`), rule)
		.replace(new RegExp(`^CREATE TABLE "?${table}"?`), `CREATE TABLE ${anew}`);
	if (!after.includes(rule)) throw new Error(`${table} has no rule on the values of ${column}`);
	await sql.run(after);
	await sql.run(`INSERT INTO ${anew} SELECT * FROM ${table}`);
	await sql.run(`DELETE FROM sqlite_sequence WHERE name = ?`, [anew]);
	await sql.run("INSERT INTO sqlite_sequence (name, seq) SELECT ?, seq FROM sqlite_sequence WHERE name = ?", [
		anew,
		table
	]);
	await sql.run(`DROP TABLE ${table}`);
	await sql.run(`ALTER TABLE ${anew} RENAME TO ${table}`);
	for (const { type, sql: index } of made) if (type === "index") await sql.run(index);
}
