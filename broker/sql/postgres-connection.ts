import pg from "pg";
import { PostgresFault } from "./postgres-faults.ts";
import type { Sql, Value } from "./sql.ts";

/** The types of values that come back as numbers, as they do from SQLite: what Souk counts stays below 2^53. */
const NUMBERS: Record<number, (text: string) => number> = {
	16: text => (text === "t" ? 1 : 0), // bool
	20: Number, // int8
	1700: Number // numeric, as sums are
};

/** How the values of rows are read. */
export const reading: pg.CustomTypesConfig = {
	getTypeParser: ((oid: number, format?: "text") =>
		NUMBERS[oid] ?? (pg.types.getTypeParser(oid, format) as unknown)) as pg.CustomTypesConfig["getTypeParser"]
};

/** How long anything may take, in milliseconds: a statement, a lock, a transaction that does nothing, a connection. */
const TIMEOUTS = {
	statement_timeout: 5_000,
	lock_timeout: 2_000,
	idle_in_transaction_session_timeout: 10_000,
	// The server's silence: a little later than the server itself would give up.
	query_timeout: 7_000,
	connectionTimeoutMillis: 5_000
};

/** How every connection to a database is made. */
export const connectionTo = (url: string, store: string): pg.ClientConfig => ({
	connectionString: url,
	application_name: `souk ${store}`,
	keepAlive: true,
	types: reading,
	...TIMEOUTS
});

interface Prepared {
	name: string;
	text: string;
}

const prepared = new Map<string, Prepared>();

/** A statement with `?` in the dialect of Postgres, under a name by which each connection prepares it once. */
function prepare(sql: string): Prepared {
	let known = prepared.get(sql);
	if (!known) {
		let place = 0;
		// What is quoted stays as it is.
		const text = sql.replace(/'[^']*'|"[^"]*"|\?/g, found => (found === "?" ? `$${++place}` : found));
		prepared.set(sql, (known = { name: `souk_${prepared.size + 1}`, text }));
	}
	return known;
}

// One trip for both. The number tells what became of the transaction should the answer to its commit be lost.
const BEGIN = "BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT CAST(pg_current_xact_id() AS TEXT) AS number";

/** A connection to Postgres with its prepared statements. Throws PostgresFault. */
export class PostgresConnection implements Sql {
	/** Nobody knows in what state it is: it is not to be used again. */
	broken = false;
	readonly #client: pg.ClientBase;

	constructor(client: pg.ClientBase) {
		this.#client = client;
	}

	async run(sql: string, values: readonly Value[] = []): Promise<number> {
		return (await this.#query(sql, values)).rowCount ?? 0;
	}

	async get<R>(sql: string, values?: readonly Value[]): Promise<R | undefined> {
		return (await this.all<R>(sql, values))[0];
	}

	async all<R>(sql: string, values: readonly Value[] = []): Promise<R[]> {
		return (await this.#query(sql, values)).rows as R[];
	}

	/** Begins a transaction, and resolves to its number. */
	async begin(): Promise<string> {
		const [, numbered] = (await this.#ask(() => this.#client.query(BEGIN))) as unknown as pg.QueryResult[];
		return (numbered!.rows[0] as { number: string }).number;
	}

	/** Writes the last rows and commits, in one trip: should one of them be refused, the server takes COMMIT for ROLLBACK. */
	async commit(inserts: readonly [sql: string, values: Value[]][]): Promise<void> {
		const written = inserts.map(([sql, values]) => this.run(sql, values));
		const committed = this.#ask(() => this.#client.query("COMMIT"));
		const failed = (await Promise.allSettled([...written, committed])).find(({ status }) => status === "rejected");
		if (failed) throw (failed as PromiseRejectedResult).reason;
		const { command } = await committed;
		if (command !== "COMMIT") throw new Error(`COMMIT was answered ${command}`);
	}

	/** Where that fails, the server rolls back by itself. */
	async rollback(): Promise<void> {
		await this.#ask(() => this.#client.query("ROLLBACK")).catch(() => {
			this.broken = true;
		});
	}

	#query(sql: string, values: readonly Value[]): Promise<pg.QueryResult> {
		// What is said once is not worth keeping.
		if (/^\s*(CREATE|ALTER|DROP)/.test(sql)) return this.#ask(() => this.#client.query(sql));
		return this.#ask(() => this.#client.query({ ...prepare(sql), values: values as Value[] }));
	}

	async #ask<T>(question: () => Promise<T>): Promise<T> {
		try {
			return await question();
		} catch (error) {
			const fault = new PostgresFault(error);
			this.broken ||= fault.fault === "lost";
			throw fault;
		}
	}
}
