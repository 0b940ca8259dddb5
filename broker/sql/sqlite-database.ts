import { AsyncLocalStorage } from "node:async_hooks";
import { crash } from "../crash.ts";
import { StoreUnavailable } from "../errors.ts";
import { insertsOf, OpenTx, runHook } from "./open-tx.ts";
import { SqliteConnection } from "./sqlite-connection.ts";
import type { Asked, Database, Duty, Row, Turns, Value, Work } from "./sql.ts";

/** How many waiting units share one commit. */
const GROUP = 64;

interface Waiting {
	unit: string;
	work: Work<unknown>;
	resolve(value: unknown): void;
	reject(error: unknown): void;
	context: <T>(run: () => T) => T;
}

/**
 * A SQLite file with one writer and group commit: what waits when the writer is free shares one BEGIN IMMEDIATE … COMMIT,
 * and everyone is answered after it, with a refusal too: it may rest on what another of the group wrote. A unit that fails
 * before its first write leaves its group alone; one that fails later rolls the group back, and its units run again one by
 * one.
 */
export class SqliteDatabase implements Database {
	readonly dialect = "sqlite";
	readonly shared = false;
	readonly name: string;
	readonly #writer: SqliteConnection;
	readonly #reader: SqliteConnection;
	readonly #queue: Waiting[] = [];
	#commits = 0;
	#draining: Promise<void> | undefined;
	#closed = false;

	private constructor(name: string, writer: SqliteConnection, reader: SqliteConnection) {
		this.name = name;
		this.#writer = writer;
		this.#reader = reader;
	}

	static async open(name: string, file: string): Promise<SqliteDatabase> {
		const writer = await SqliteConnection.open(file);
		return new SqliteDatabase(name, writer, await SqliteConnection.open(file, "readonly"));
	}

	get asked(): Asked {
		return { statements: this.#writer.statements + this.#reader.statements, commits: this.#commits };
	}

	run(): never {
		throw new Error(`${this.name}: writes go through write()`);
	}

	async get<R = Row>(sql: string, values?: readonly Value[]): Promise<R | undefined> {
		return (await this.all<R>(sql, values))[0];
	}

	async all<R = Row>(sql: string, values?: readonly Value[]): Promise<R[]> {
		if (this.#closed) throw new StoreUnavailable(this.name, "closed");
		try {
			return await this.#reader.all<R>(sql, values);
		} catch (error) {
			throw this.#fault(error);
		}
	}

	write<T>(unit: string, work: Work<T>): Promise<T> {
		if (this.#closed) return Promise.reject(new StoreUnavailable(this.name, "closed"));
		return new Promise<T>((resolve, reject) => {
			const context = AsyncLocalStorage.snapshot();
			this.#queue.push({ unit, work, resolve: resolve as (value: unknown) => void, reject, context });
			this.#draining ??= this.#drain();
		});
	}

	apply(unit: string, sql: string, values?: readonly Value[]): Promise<number> {
		return this.write(unit, tx => tx.run(sql, values));
	}

	/** The file has one owner, and the owner does everything. */
	duty(_task: string, { take }: Turns): Duty {
		take();
		return { nudge: () => undefined, end: () => Promise.resolve() };
	}

	/** Whoever else had a task owned the file, and is gone. */
	unattended(): Promise<boolean> {
		return Promise.resolve(true);
	}

	exclusively<T>(work: () => Promise<T>): Promise<T> {
		return work();
	}

	async close(): Promise<void> {
		this.#closed = true;
		await this.#draining;
		await this.#reader.close();
		await this.#writer.close();
	}

	async #drain(): Promise<void> {
		// One turn of the event loop, so that what arrived together commits together.
		await new Promise(turn => setImmediate(turn));
		while (this.#queue.length > 0) await this.#commit(this.#queue.splice(0, GROUP));
		this.#draining = undefined;
	}

	async #commit(group: Waiting[]): Promise<void> {
		const done: { waiting: Waiting; tx: OpenTx; value: unknown }[] = [];
		const refused: { waiting: Waiting; error: unknown }[] = [];
		try {
			await this.#writer.run("BEGIN IMMEDIATE");
		} catch (error) {
			for (const waiting of group) waiting.reject(this.#fault(error));
			return;
		}
		try {
			for (const waiting of group) {
				const tx = new OpenTx(this.#writer);
				try {
					done.push({ waiting, tx, value: await waiting.context(() => tx.do(waiting.work)) });
				} catch (error) {
					if (tx.wrote) throw error;
					refused.push({ waiting, error });
				}
			}
			for (const [sql, values] of insertsOf(done.flatMap(({ tx }) => tx.appended))) await this.#writer.run(sql, values);
			for (const { waiting } of done) crash(`${waiting.unit}:before-commit`);
			await this.#writer.run("COMMIT");
			this.#commits++;
		} catch (error) {
			await this.#rollback();
			if (group.length === 1) return group[0]!.reject(this.#fault(error));
			for (const waiting of group) await this.#commit([waiting]);
			return;
		}
		for (const { waiting } of done) crash(`${waiting.unit}:after-commit`);
		for (const { waiting, error } of refused) waiting.reject(this.#fault(error));
		for (const { waiting, tx, value } of done) {
			waiting.resolve(value);
			// In the context of who asked for the unit, not of who happened to start the writer.
			for (const hook of tx.hooks) waiting.context(() => runHook(hook, waiting.unit));
		}
	}

	async #rollback(): Promise<void> {
		try {
			await this.#writer.run("ROLLBACK");
		} catch {
			// SQLite rolls back by itself on SQLITE_FULL and SQLITE_IOERR; there is nothing left to undo then.
		}
	}

	#fault(error: unknown): unknown {
		const code = (error as { code?: unknown }).code;
		return typeof code === "string" && /^SQLITE_(BUSY|FULL|IOERR|LOCKED|READONLY)/.test(code)
			? new StoreUnavailable(this.name, code)
			: error;
	}
}
