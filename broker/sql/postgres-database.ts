import pg from "pg";
import { backoff, sleep } from "../backoff.ts";
import { crash } from "../crash.ts";
import { StoreUnavailable } from "../errors.ts";
import { insertsOf, OpenTx, runHook } from "./open-tx.ts";
import { connectionTo, PostgresConnection } from "./postgres-connection.ts";
import { PostgresDuties } from "./postgres-duties.ts";
import { PostgresFault, toldOf } from "./postgres-faults.ts";
import { madeIfMissing, oneAtATime } from "./postgres-making.ts";
import type { Database, Duty, Row, Sql, Turns, Value, Work } from "./sql.ts";
import { Turnstile } from "./turnstile.ts";

/** For how long a unit is tried again, in milliseconds, and how often at most for a reason that should not come twice. */
const PATIENCE_MS = 5_000;
const REPEATS = { constraint: 2, lost: 6 };
/** Connections that units never take: they are for reads. */
const KEPT = 2;

const STATUS = "SELECT pg_xact_status(CAST(? AS xid8)) AS status";

/** What a unit that committed leaves to its caller. */
interface Committed<T> {
	value: T;
	hooks: (() => void)[];
	/** Set when the answer to the commit was lost. */
	unanswered?: { transaction: string; fault: PostgresFault };
}

/**
 * A Postgres database that many processes share. Units run side by side on their own snapshots (REPEATABLE READ): one that
 * would change what another changed since it began is run again, so that a check holds for every row that its unit also
 * writes (decision 11).
 */
export class PostgresDatabase implements Database {
	readonly dialect = "postgres";
	readonly shared = true;
	readonly name: string;
	readonly #url: string;
	readonly #pool: pg.Pool;
	readonly #units: Turnstile;
	readonly #duties: PostgresDuties;
	readonly #underWay = new Set<Promise<unknown>>();
	#closed = false;

	private constructor(name: string, url: string, connections: number) {
		this.name = name;
		this.#url = url;
		this.#pool = new pg.Pool({
			...connectionTo(url, name),
			pipeline: true,
			max: connections,
			idleTimeoutMillis: 30_000
		});
		this.#units = new Turnstile(Math.max(1, connections - KEPT), wasOvertaken);
		this.#duties = new PostgresDuties(url, name, sql => this.all(sql));
		// A connection that breaks is met by whoever uses it next; without these it would end the process.
		this.#pool.on("error", () => undefined);
		this.#pool.on("connect", client => client.on("error", () => undefined));
	}

	/** Opens a store, and makes its database when there is none. `connections` is the most it holds open for units and reads. */
	static async open(name: string, url: string, connections = 10): Promise<PostgresDatabase> {
		await madeIfMissing(url, name);
		const database = new PostgresDatabase(name, url, connections);
		const [setting] = await database.all<{ synchronous_commit: string }>("SHOW synchronous_commit");
		if (setting!.synchronous_commit !== "off") return database;
		await database.close();
		throw new Error(`${name}: with synchronous_commit = off an answered commit can be lost; switch it on`);
	}

	run(): never {
		throw new Error(`${this.name}: writes go through write()`);
	}

	async get<R = Row>(sql: string, values?: readonly Value[]): Promise<R | undefined> {
		return (await this.all<R>(sql, values))[0];
	}

	async all<R = Row>(sql: string, values?: readonly Value[]): Promise<R[]> {
		this.#assertOpen();
		// What is asked again when a connection breaks must not change anything.
		if (!/^\s*(SELECT|SHOW)\b/.test(sql)) throw new Error(`${this.name}: writes go through write()`);
		try {
			return await this.#persist(() => this.#connected(connection => connection.all<R>(sql, values)));
		} catch (error) {
			throw toldOf(this.name, error);
		}
	}

	async write<T>(unit: string, work: Work<T>): Promise<T> {
		const { value, hooks } = await this.#done(() => this.#untilCommitted(unit, work));
		for (const hook of hooks) runHook(hook, unit);
		return value;
	}

	apply(unit: string, sql: string, values?: readonly Value[]): Promise<number> {
		// One trip instead of three: the statement is its own transaction, and needs no number as it may run again.
		return this.#done(() =>
			this.#persist(async () => {
				crash(`${unit}:before-commit`);
				const changed = await this.#connected(connection => connection.run(sql, values));
				crash(`${unit}:after-commit`);
				return changed;
			})
		);
	}

	duty(task: string, turns: Turns): Duty {
		return this.#duties.add(task, turns);
	}

	async unattended(tx: Sql, task: string): Promise<boolean> {
		const [lock] = await tx.all<{ free: number }>("SELECT pg_try_advisory_xact_lock(hashtextextended(?, 0)) AS free", [
			task
		]);
		return lock!.free === 1;
	}

	exclusively<T>(work: () => Promise<T>): Promise<T> {
		return oneAtATime(this.#url, this.name, work);
	}

	async close(): Promise<void> {
		if (this.#closed) return;
		this.#closed = true;
		await Promise.allSettled(this.#underWay);
		await this.#pool.end();
	}

	#untilCommitted<T>(unit: string, work: Work<T>): Promise<Committed<T>> {
		return this.#persist(async overtaken => {
			const attempt = () => this.#connected(connection => once(connection, unit, work));
			const done = await this.#units.pass(attempt, overtaken);
			if (done.unanswered && !(await this.#wasCommitted(done.unanswered.transaction))) throw done.unanswered.fault;
			crash(`${unit}:after-commit`);
			return done;
		});
	}

	/** What is under way when the store is closed may end. */
	async #done<T>(write: () => Promise<T>): Promise<T> {
		this.#assertOpen();
		const writing = write();
		this.#underWay.add(writing);
		try {
			return await writing;
		} catch (error) {
			throw toldOf(this.name, error);
		} finally {
			this.#underWay.delete(writing);
		}
	}

	/** Tries until it passes, or its fault says that it will not. */
	async #persist<T>(attempt: (overtaken: boolean) => Promise<T>): Promise<T> {
		let overtaken = false;
		let giveUp: number | undefined;
		for (let tries = 1; ; tries++) {
			try {
				return await attempt(overtaken);
			} catch (error) {
				const fault = error instanceof PostgresFault ? error.fault : "own";
				// The time in a queue before the first try is nobody's fault.
				giveUp ??= Date.now() + PATIENCE_MS;
				if (fault === "own" || fault === "unavailable" || Date.now() > giveUp) throw error;
				if (fault !== "conflict" && tries > REPEATS[fault]) throw error;
				if (fault === "lost") await sleep(backoff(tries, 50, 1_000));
				overtaken = wasOvertaken(error);
			}
		}
	}

	/**
	 * What became of a commit whose answer was lost: the server knows by the transaction's number. Throws StoreUnavailable
	 * when it cannot be asked in time: then the outcome is unknown, and the unit's key or inbox mark tells whoever repeats it.
	 */
	async #wasCommitted(transaction: string): Promise<boolean> {
		const giveUp = Date.now() + PATIENCE_MS;
		for (let attempt = 1; Date.now() < giveUp; attempt++) {
			const known = await this.#connected(connection =>
				connection.get<{ status: string }>(STATUS, [transaction])
			).catch(() => undefined);
			if (known?.status === "committed") return true;
			if (known?.status === "aborted") return false;
			await sleep(backoff(attempt, 20, 500));
		}
		throw new StoreUnavailable(this.name, "the outcome of a commit is not known");
	}

	/** Lends a connection. One that broke is not lent again. Throws PostgresFault, and what `use` throws. */
	async #connected<T>(use: (connection: PostgresConnection) => Promise<T>): Promise<T> {
		const client = await this.#pool.connect().catch((error: unknown) => {
			throw new PostgresFault(error);
		});
		const connection = new PostgresConnection(client);
		try {
			return await use(connection);
		} finally {
			client.release(connection.broken);
		}
	}

	#assertOpen(): void {
		if (this.#closed) throw new StoreUnavailable(this.name, "closed");
	}
}

/** Whether another transaction was faster, or wrote what may be there once. */
const wasOvertaken = (error: unknown): boolean =>
	error instanceof PostgresFault && (error.fault === "conflict" || error.fault === "constraint");

/** One try of a unit: BEGIN, the work, what it appended with COMMIT. */
async function once<T>(connection: PostgresConnection, unit: string, work: Work<T>): Promise<Committed<T>> {
	const transaction = await connection.begin();
	const tx = new OpenTx(connection);
	let value: T;
	try {
		value = await tx.do(work);
		crash(`${unit}:before-commit`);
	} catch (error) {
		await connection.rollback();
		throw error;
	}
	try {
		await connection.commit(insertsOf(tx.appended));
	} catch (error) {
		const fault = error as PostgresFault;
		if (fault.fault !== "lost") throw fault;
		return { value, hooks: tx.hooks, unanswered: { transaction, fault } };
	}
	return { value, hooks: tx.hooks };
}
