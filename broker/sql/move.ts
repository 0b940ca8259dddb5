import { createHash } from "node:crypto";
import { idsTaken } from "./ids-taken.ts";
import type { Database, Row, Sql, Tx } from "./sql.ts";

const PAGE = 500;
/** Tables that have rows as soon as a service has worked with a store. */
const TRACES = ["outbox", "inbox", "idempotency_keys", "seeds"];

/** The store that was to be filled has been worked with. */
class StoreNotEmpty extends Error {
	override name = "StoreNotEmpty";
}

/** What was read from one store is not what stands in the other. */
class CopyDiffers extends Error {
	override name = "CopyDiffers";
}

interface Table {
	name: string;
	/** What is copied. What the other store works out by itself, as a column of words, is not. */
	columns: string[];
	/** The columns that tell its rows apart. */
	key: string[];
	/** The last id it gave by itself, where it gives any. */
	last?: number;
}

/** How many rows a table has, and a sum over them that does not depend on their order. */
interface Sum {
	rows: number;
	checksum: string;
}

/** What was copied, table by table. */
export type Copied = { table: string } & Sum;

/**
 * Copies all rows of a SQLite store to a Postgres store that has its tables and was never worked with, in one transaction,
 * and compares the two. Throws StoreNotEmpty, CopyDiffers.
 */
export async function moveStore(from: Database, to: Database): Promise<Copied[]> {
	for (const table of TRACES)
		if (await to.get(`SELECT 1 AS there FROM ${table} LIMIT 1`))
			throw new StoreNotEmpty(`The store of ${to.name} that is to be filled has rows in ${table}`);
	const tables = await tablesOf(from);
	await to.write("move", async tx => {
		// What migrations wrote is in the copy too. Those that point to others go first, and come last; what points to a
		// younger table is looked at when all are there (DEFERRABLE INITIALLY DEFERRED).
		for (const { name } of tables.toReversed()) await tx.run(`DELETE FROM ${name}`);
		for (const table of tables) await copy(from, tx, table);
		for (const { name, key, last } of tables) if (last) await idsTaken(tx, to, name, key[0]!, last);
	});
	const copied: Copied[] = [];
	for (const table of tables) {
		const [here, there] = [await sumOf(from, table), await sumOf(to, table)];
		if (here.checksum !== there.checksum || here.rows !== there.rows)
			throw new CopyDiffers(`${table.name}: ${here.rows} rows were read and ${there.rows} stand there, or they differ`);
		copied.push({ table: table.name, ...there });
	}
	return copied;
}

/** The tables of a SQLite store, in the order they were made. Those of a search index are made from the others. */
async function tablesOf(store: Database): Promise<Table[]> {
	const names = await store.all<{ name: string }>(
		`SELECT name FROM sqlite_master
		WHERE name IN (SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table')
			AND name NOT LIKE 'sqlite_%' AND name <> 'migrations' ORDER BY rowid`
	);
	return Promise.all(
		names.map(async ({ name }) => {
			const columns = await store.all<{ name: string; pk: number }>(
				"SELECT name, pk FROM pragma_table_info(?) ORDER BY cid",
				[name]
			);
			const key = columns.filter(({ pk }) => pk > 0).sort((one, other) => one.pk - other.pk);
			const given = await store.get<{ seq: number }>("SELECT seq FROM sqlite_sequence WHERE name = ?", [name]);
			const names = (of: { name: string }[]) => of.map(column => column.name);
			return { name, columns: names(columns), key: names(key), ...(given && { last: given.seq }) };
		})
	);
}

async function copy(from: Database, tx: Tx, table: Table): Promise<void> {
	for await (const rows of pagesOf(from, table)) {
		const { columns } = table;
		const one = `(${columns.map(() => "?").join(", ")})`;
		// Never more values than a statement takes.
		for (let at = 0; at < rows.length; at += 100) {
			const some = rows.slice(at, at + 100);
			await tx.run(
				`INSERT INTO ${table.name} (${columns.join(", ")}) VALUES ${some.map(() => one).join(", ")}`,
				some.flatMap(row => columns.map(column => row[column]!))
			);
		}
	}
}

async function* pagesOf(sql: Pick<Sql, "all">, { name, columns, key }: Table): AsyncGenerator<Row[]> {
	const by = key.join(", ");
	const beyond = `WHERE (${by}) > (${key.map(() => "?").join(", ")})`;
	let last: Row | undefined;
	do {
		const values = last ? key.map(column => last![column]!) : [];
		const rows: Row[] = await sql.all(
			`SELECT ${columns.join(", ")} FROM ${name} ${last ? beyond : ""} ORDER BY ${by} LIMIT ${PAGE}`,
			values
		);
		if (rows.length > 0) yield rows;
		last = rows.length === PAGE ? rows.at(-1) : undefined;
	} while (last);
}

/** Counts and sums the rows of a table. */
async function sumOf(sql: Pick<Sql, "all">, table: Table): Promise<Sum> {
	let [rows, sum] = [0, 0n];
	for await (const page of pagesOf(sql, table))
		for (const row of page) {
			const fields = Object.keys(row)
				.sort()
				.map(column => [column, row[column]]);
			rows++;
			sum += BigInt(`0x${createHash("sha256").update(JSON.stringify(fields)).digest("hex")}`);
		}
	return { rows, checksum: (sum % 2n ** 256n).toString(16).padStart(64, "0") };
}
