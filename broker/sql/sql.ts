/** A value as it is bound to a statement. Times are ISO text, documents are JSON text, flags are 0 and 1. */
export type Value = string | number | null;
export type Row = Record<string, Value>;

/** Statements on one connection. SQL text is prepared once and cached: never build it from data. */
export interface Sql {
	/** Resolves to the number of rows changed. */
	run(sql: string, values?: readonly Value[]): Promise<number>;
	get<R = Row>(sql: string, values?: readonly Value[]): Promise<R | undefined>;
	all<R = Row>(sql: string, values?: readonly Value[]): Promise<R[]>;
}

/** One unit inside a write transaction. What it does lives or dies together. */
export interface Tx extends Sql {
	/**
	 * Adds a row to a table that nobody reads before the commit (log, outbox, movements). Rows of one table are
	 * written together, one statement for a whole group of units.
	 */
	append(table: string, row: Row): void;
	/** Runs once the unit is durable. Lost when the process dies right after the commit: only ever a wake-up. */
	afterCommit(hook: () => void): void;
}

/** Work done in one transaction. It may run twice: it touches nothing but `tx`. */
export type Work<T> = (tx: Tx) => Promise<T>;

/** One service's database: a queue of write units, and reads beside it. */
export interface Database extends Sql {
	readonly name: string;
	readonly dialect: "sqlite";
	/** Runs work in a transaction and resolves when it is durable. `unit` names it in logs and crash points. */
	write<T>(unit: string, work: Work<T>): Promise<T>;
	close(): Promise<void>;
}
