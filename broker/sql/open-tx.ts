import type { Row, Sql, Tx, Value, Work } from "./sql.ts";

/** One unit in a transaction that is open on a connection: its statements, and what it leaves for the commit. */
export class OpenTx implements Tx {
	readonly appended: [table: string, row: Row][] = [];
	readonly hooks: (() => void)[] = [];
	wrote = false;
	readonly #connection: Sql;
	#last: Promise<unknown> = Promise.resolve();
	#ended = false;

	constructor(connection: Sql) {
		this.#connection = connection;
	}

	run(sql: string, values?: readonly Value[]): Promise<number> {
		this.wrote = true;
		return this.#next(() => this.#connection.run(sql, values));
	}

	get<R = Row>(sql: string, values?: readonly Value[]): Promise<R | undefined> {
		if (!sql.startsWith("SELECT")) this.wrote = true;
		return this.#next(() => this.#connection.get<R>(sql, values));
	}

	all<R = Row>(sql: string, values?: readonly Value[]): Promise<R[]> {
		if (!sql.startsWith("SELECT")) this.wrote = true;
		return this.#next(() => this.#connection.all<R>(sql, values));
	}

	append(table: string, row: Row): void {
		this.#assertOpen();
		this.appended.push([table, row]);
	}

	afterCommit(hook: () => void): void {
		this.#assertOpen();
		this.hooks.push(hook);
	}

	/** Does the work. It fails when one of its statements did, whatever the work made of that. */
	async do<T>(work: Work<T>): Promise<T> {
		try {
			const value = await work(this);
			await this.#last;
			return value;
		} finally {
			this.#ended = true;
			this.#last.catch(() => undefined);
		}
	}

	// One after the other, and none after one that failed: SQLite itself ends the transaction when the disk is full, and
	// what followed would commit by itself.
	#next<T>(statement: () => Promise<T>): Promise<T> {
		const answer = this.#last.then(() => {
			this.#assertOpen();
			return statement();
		});
		this.#last = answer;
		return answer;
	}

	#assertOpen(): void {
		if (this.#ended) throw new Error("A unit of work was used after its end: something in it was not awaited");
	}
}

/** The statements that write appended rows, those of one table and shape together. */
export function insertsOf(appended: readonly [table: string, row: Row][]): [sql: string, values: Value[]][] {
	const byShape = new Map<string, { head: string; width: number; rows: Value[][] }>();
	for (const [table, row] of appended) {
		const columns = Object.keys(row);
		const head = `INSERT INTO ${table} (${columns.join(", ")}) VALUES `;
		let shape = byShape.get(head);
		if (!shape) byShape.set(head, (shape = { head, width: columns.length, rows: [] }));
		shape.rows.push(Object.values(row));
	}
	return [...byShape.values()].flatMap(({ head, width, rows }) => {
		const one = `(${Array(width).fill("?").join(", ")})`;
		const statements: [string, Value[]][] = [];
		// Powers of two, so that a table has few different statements.
		for (let from = 0, size; from < rows.length; from += size) {
			size = 2 ** Math.min(5, Math.floor(Math.log2(rows.length - from)));
			statements.push([head + Array(size).fill(one).join(", "), rows.slice(from, from + size).flat()]);
		}
		return statements;
	});
}

/** Runs what a unit left for after its commit. What a hook throws is its own. */
export function runHook(hook: () => void, unit: string): void {
	try {
		hook();
	} catch (error) {
		process.emitWarning(`A hook after the commit of ${unit} failed: ${String(error)}`);
	}
}
