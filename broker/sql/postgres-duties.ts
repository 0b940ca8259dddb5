import pg from "pg";
import { sleep } from "../backoff.ts";
import { connectionTo } from "./postgres-connection.ts";
import type { Duty, Turns } from "./sql.ts";

/** How often is asked for a task that another process does. */
const ASK_MS = 500;
/** How often a process that has all it asked for says that it is there, and after what silence the server lets another. */
const SAY_MS = 2_000;
const SILENCE_MS = 8_000;

/** A process that froze or whose machine is gone loses its connection, and with that its locks. */
const LISTENING = `SET idle_session_timeout = ${SILENCE_MS};
	SET tcp_keepalives_idle = 3; SET tcp_keepalives_interval = 2; SET tcp_keepalives_count = 3`;

const LOCK = "SELECT name FROM unnest($1::text[]) AS name WHERE pg_try_advisory_lock(hashtextextended(name, 0))";
const UNLOCK = "SELECT pg_advisory_unlock(hashtextextended($1, 0))";

interface Task {
	readonly name: string;
	readonly turns: Turns;
	/** Whether the connection has its lock. */
	locked: boolean;
	/** Set once it is to be left to another process. */
	left?: PromiseWithResolvers<void>;
}

/**
 * The tasks on one database that one process does at a time. Whose connection holds a task's advisory lock is on duty: the
 * server takes it back the moment that process is gone, by its own clock and nobody else's. All tasks of a process share a
 * connection.
 */
export class PostgresDuties {
	readonly #url: string;
	readonly #store: string;
	readonly #say: (sql: string) => Promise<unknown>;
	readonly #tasks = new Set<Task>();
	#serving: Promise<void> | undefined;
	#pausing = new AbortController();
	#changed = false;

	/** `say` runs a statement on any connection. */
	constructor(url: string, store: string, say: (sql: string) => Promise<unknown>) {
		this.#url = url;
		this.#store = store;
		this.#say = say;
	}

	/** Asks for a task for as long as it is wanted. */
	add(name: string, turns: Turns): Duty {
		const task: Task = { name, turns, locked: false };
		const nudger = new Nudger(() => this.#say(`SELECT pg_notify('${name}', '')`));
		this.#tasks.add(task);
		this.#look();
		return {
			nudge: () => nudger.nudge(),
			end: async () => {
				if (this.#tasks.has(task)) {
					task.left ??= Promise.withResolvers();
					this.#look();
					await task.left.promise;
				}
				if (this.#tasks.size === 0) await this.#serving;
				await nudger.done();
			}
		};
	}

	/** Something else is wanted than before. */
	#look(): void {
		this.#changed = true;
		this.#pausing.abort();
		this.#serving ??= this.#serve();
	}

	async #serve(): Promise<void> {
		while (this.#tasks.size > 0) {
			await this.#connected().catch(() => undefined);
			// Its locks went with the connection.
			for (const task of this.#tasks) {
				lose(task);
				if (task.left) this.#forget(task);
			}
			if (this.#tasks.size > 0) await this.#pause(ASK_MS);
		}
		this.#serving = undefined;
	}

	/** Until the connection breaks or nothing is wanted any more. */
	async #connected(): Promise<void> {
		const client = new pg.Client(connectionTo(this.#url, `${this.#store} duties`));
		const gone = new AbortController();
		client.on("error", () => gone.abort());
		client.on("end", () => gone.abort());
		client.on("notification", ({ channel }) => {
			for (const { name, turns, locked } of this.#tasks) if (locked && name === channel) turns.nudged?.();
		});
		try {
			await client.connect();
			await client.query(LISTENING);
			while (!gone.signal.aborted) {
				await this.#leave(client);
				if (this.#tasks.size === 0) break;
				const waiting = await this.#ask(client);
				await this.#pause(waiting ? ASK_MS : SAY_MS, gone.signal);
			}
		} finally {
			await client.end().catch(() => undefined);
		}
	}

	/** Gives on what is wanted no more. */
	async #leave(client: pg.Client): Promise<void> {
		for (const task of [...this.#tasks].filter(({ left }) => left)) {
			const { name, locked } = task;
			lose(task);
			if (locked) {
				await client.query(`UNLISTEN ${pg.escapeIdentifier(name)}`);
				await client.query(UNLOCK, [name]);
			}
			this.#forget(task);
		}
	}

	/** Asks for what others do, which also says that this process is there. Resolves to whether others still do some of it. */
	async #ask(client: pg.Client): Promise<boolean> {
		const wanted = [...this.#tasks].filter(({ locked }) => !locked);
		const { rows } = await client.query<{ name: string }>(LOCK, [wanted.map(({ name }) => name)]);
		for (const { name } of rows) {
			// Who is not on duty would pass the word on to itself, without end.
			await client.query(`LISTEN ${pg.escapeIdentifier(name)}`);
			const task = wanted.find(one => one.name === name)!;
			task.locked = true;
			if (!task.left) task.turns.take();
		}
		return wanted.some(({ locked }) => !locked);
	}

	#forget(task: Task): void {
		this.#tasks.delete(task);
		task.left!.resolve();
	}

	/** A while, or until something else is wanted. */
	async #pause(ms: number, or?: AbortSignal): Promise<void> {
		const { signal } = (this.#pausing = new AbortController());
		if (!this.#changed) await sleep(ms, or ? AbortSignal.any([signal, or]) : signal).catch(() => undefined);
		this.#changed = false;
	}
}

function lose(task: Task): void {
	if (task.locked) task.turns.lose();
	task.locked = false;
}

/** Passes the word on, once at a time, and once more for all who asked meanwhile. Where it is lost, whoever is on duty looks by itself. */
class Nudger {
	readonly #say: () => Promise<unknown>;
	#saying: Promise<unknown> | undefined;
	#again = false;

	constructor(say: () => Promise<unknown>) {
		this.#say = say;
	}

	nudge(): void {
		this.#again = this.#saying !== undefined;
		this.#saying ??= this.#say()
			.catch(() => undefined)
			.finally(() => {
				this.#saying = undefined;
				if (this.#again) this.nudge();
			});
	}

	async done(): Promise<void> {
		await this.#saying;
	}
}
