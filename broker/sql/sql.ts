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

/** Being the one process of a service that does a task. */
export interface Duty {
	/** Tells whoever is on duty that there is something to do. */
	nudge(): void;
	/** Leaves the task to another process. */
	end(): Promise<void>;
}

/** What a process does as a task becomes its own, as it is taken away, and when another process says there is work. */
export interface Turns {
	take(): void;
	lose(): void;
	nudged?(): void;
}

/** What was asked of a database so far: statements, BEGIN and COMMIT among them, and commits. */
export interface Asked {
	readonly statements: number;
	readonly commits: number;
}

/** One service's database: write units, and reads beside them. */
export interface Database extends Sql {
	readonly name: string;
	readonly dialect: "sqlite" | "postgres";
	/** Whether other processes write here, too. Units run side by side then; otherwise one comes after the other. */
	readonly shared: boolean;
	/** What was asked of it, where no server counts that: one that processes share knows best itself. */
	readonly asked?: Asked;
	/** Runs work in a transaction and resolves when it is durable. `unit` names it in logs and crash points. */
	write<T>(unit: string, work: Work<T>): Promise<T>;
	/** Runs one statement that may as well run twice, as a unit of its own. Resolves to the number of rows changed. */
	apply(unit: string, sql: string, values?: readonly Value[]): Promise<number>;
	/** Asks for a task that only one of the processes on this database does at a time. */
	duty(task: string, turns: Turns): Duty;
	/** Whether no process has a task, and none gets it before the unit ends. */
	unattended(tx: Sql, task: string): Promise<boolean>;
	/** Does something while no other process does so: what changes the tables themselves. */
	exclusively<T>(work: () => Promise<T>): Promise<T>;
	close(): Promise<void>;
}

/**
 * A condition on a column: one of these values. The text has as many places as the next power of two, so that few different
 * statements come of it.
 */
export function oneOf(column: string, values: readonly Value[]): { sql: string; values: Value[] } {
	if (values.length === 0) return { sql: "(1 = 0)", values: [] };
	const size = 2 ** Math.ceil(Math.log2(values.length));
	const padded = [...values, ...Array<Value>(size - values.length).fill(values[0]!)];
	return { sql: `(${column} IN (${Array(size).fill("?").join(", ")}))`, values: padded };
}

/** A condition on a column: none of these values. */
export function noneOf(column: string, values: readonly Value[]): { sql: string; values: Value[] } {
	const these = oneOf(column, values);
	return { sql: `NOT ${these.sql}`, values: these.values };
}
