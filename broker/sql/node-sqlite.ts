import { DatabaseSync, type SQLInputValue, type StatementResultingChanges, type StatementSync } from "node:sqlite";

// Node's own SQLite (nodejs.org/api/sqlite.html) in the shape of the `sqlite3` package. A statement runs at once, on the
// thread that asks: no trip through a thread pool, which costs more than most statements themselves.

export const OPEN_READONLY = 1;
export const OPEN_READWRITE = 2;
export const OPEN_CREATE = 4;

type Done = (error: Error | null) => void;
type Values = readonly SQLInputValue[] | object;

/** The names of the primary result codes that callers tell apart (sqlite.org/rescode). */
const CODES: Record<number, string> = {
	5: "SQLITE_BUSY",
	6: "SQLITE_LOCKED",
	8: "SQLITE_READONLY",
	10: "SQLITE_IOERR",
	11: "SQLITE_CORRUPT",
	13: "SQLITE_FULL",
	14: "SQLITE_CANTOPEN",
	19: "SQLITE_CONSTRAINT",
	26: "SQLITE_NOTADB"
};

function fault(thrown: unknown): Error {
	const error = thrown as Error & { code?: string; errcode?: number };
	// An extended code carries its primary one in the lowest byte.
	const code = CODES[(error.errcode ?? 0) & 0xff];
	return code ? Object.assign(new Error(`${code}: ${error.message}`), { code, errno: error.errcode }) : error;
}

/** Who reads without end, statement after statement, lets others have their turn of the event loop after so long. */
const TURN_MS = 5;

let turnBegan: number | undefined;
const late: (() => void)[] = [];

/** Answers at once, as nothing is left to wait for, unless this turn of the event loop has been long enough. */
function answer(callback: () => void): void {
	const now = performance.now();
	if (turnBegan === undefined) setImmediate(nextTurn);
	turnBegan ??= now;
	// Nobody overtakes: an answer that has to wait may be of an older state of the store.
	if (late.length === 0 && now - turnBegan < TURN_MS) callback();
	else late.push(callback);
}

function nextTurn(): void {
	turnBegan = undefined;
	for (const callback of late.splice(0)) callback();
}

// Sequelize passes an object where a statement has no values to bind.
const bound = (values: Values): readonly SQLInputValue[] => (Array.isArray(values) ? values : []);

/** A prepared statement. */
export class Statement {
	lastID = 0;
	changes = 0;
	readonly #statement: StatementSync;

	constructor(statement: StatementSync) {
		this.#statement = statement;
	}

	run(values: Values, done: (this: Statement, error: Error | null) => void): void {
		let ran: StatementResultingChanges;
		try {
			ran = this.#statement.run(...bound(values));
		} catch (error) {
			return answer(() => done.call(this, fault(error)));
		}
		answer(() => {
			this.changes = Number(ran.changes);
			this.lastID = Number(ran.lastInsertRowid);
			done.call(this, null);
		});
	}

	all(values: Values, done: (this: Statement, error: Error | null, rows?: unknown[]) => void): void {
		let rows: unknown[];
		try {
			rows = this.#statement.all(...bound(values));
		} catch (error) {
			return answer(() => done.call(this, fault(error)));
		}
		answer(() => done.call(this, null, rows));
	}

	/** Node finalizes a statement when its database is closed. */
	finalize(): void {
		this.lastID = 0;
	}
}

/** A connection to a file. */
export class Database {
	#db!: DatabaseSync;

	constructor(file: string, mode: number, opened: Done) {
		let failure: Error | null = null;
		try {
			this.#db = new DatabaseSync(file, { readOnly: (mode & OPEN_READWRITE) === 0 });
		} catch (error) {
			failure = fault(error);
		}
		// Not at once: who opens it names it by what this constructor returns.
		queueMicrotask(() => opened(failure));
	}

	/** Statements never overlap here. */
	serialize(work?: () => unknown): void {
		work?.();
	}

	prepare(sql: string, prepared: Done): Statement {
		let statement!: Statement;
		let failure: Error | null = null;
		try {
			statement = new Statement(this.#db.prepare(sql));
		} catch (error) {
			failure = fault(error);
		}
		queueMicrotask(() => prepared(failure));
		return statement;
	}

	/** Sequelize asks for its pragmas without waiting for them. */
	run(sql: string, values: Values | Done = [], done: Done = () => undefined): void {
		this.#once(sql, values, done, (statement, bind, settled) => statement.run(bind, settled));
	}

	all(sql: string, values: Values | Done, done: (error: Error | null, rows?: unknown[]) => void): void {
		this.#once(sql, values, done, (statement, bind, settled) => statement.all(bind, settled));
	}

	exec(sql: string, done: Done): void {
		try {
			this.#db.exec(sql);
		} catch (error) {
			return done(fault(error));
		}
		done(null);
	}

	close(done: Done = () => undefined): void {
		try {
			this.#db.close();
		} catch (error) {
			return done(fault(error));
		}
		done(null);
	}

	#once(
		sql: string,
		values: Values | Done,
		done: Done,
		ask: (statement: Statement, values: Values, done: Done) => void
	): void {
		const [bind, settled] = typeof values === "function" ? [[], values as Done] : [values, done];
		let statement: Statement;
		try {
			statement = new Statement(this.#db.prepare(sql));
		} catch (error) {
			return settled(fault(error));
		}
		ask(statement, bind, settled);
	}
}
