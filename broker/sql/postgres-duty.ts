import pg from "pg";
import { sleep } from "../backoff.ts";
import { connectionTo } from "./postgres-connection.ts";
import type { Duty, Turns } from "./sql.ts";

/** How often one that is not on duty asks whether it may be. */
const ASK_MS = 500;
/** How often one that is on duty says that it still is, and after what silence the server lets another. */
const SAY_MS = 2_000;
const SILENCE_MS = 8_000;

/** A process that froze or whose machine is gone loses its connection, and with that the lock. */
const LISTENING = `SET idle_session_timeout = ${SILENCE_MS};
	SET tcp_keepalives_idle = 3; SET tcp_keepalives_interval = 2; SET tcp_keepalives_count = 3`;

/**
 * Asks for a task for as long as it is wanted. Whose connection holds the task's advisory lock is on duty: the server takes it
 * back the moment that process is gone, by its own clock and nobody else's.
 */
export class PostgresDuty implements Duty {
	readonly #url: string;
	readonly #store: string;
	readonly #task: string;
	readonly #turns: Turns;
	readonly #say: (sql: string) => Promise<unknown>;
	readonly #ending = new AbortController();
	readonly #asking: Promise<void>;
	#nudging: Promise<unknown> | undefined;
	#again = false;

	constructor(url: string, store: string, task: string, turns: Turns, say: (sql: string) => Promise<unknown>) {
		this.#url = url;
		this.#store = store;
		this.#task = task;
		this.#turns = turns;
		this.#say = say;
		this.#asking = this.#ask();
	}

	nudge(): void {
		// One at a time, and one after it for all who asked meanwhile. Where it is lost, whoever is on duty looks by itself.
		this.#again = this.#nudging !== undefined;
		this.#nudging ??= this.#say(`SELECT pg_notify('${this.#task}', '')`)
			.catch(() => undefined)
			.finally(() => {
				this.#nudging = undefined;
				if (this.#again) this.nudge();
			});
	}

	async end(): Promise<void> {
		this.#ending.abort();
		await this.#asking;
		await this.#nudging;
	}

	async #ask(): Promise<void> {
		while (!this.#ending.signal.aborted) {
			await this.#serve().catch(() => undefined);
			await this.#pause(ASK_MS);
		}
	}

	/** Until the connection breaks or the task is left. */
	async #serve(): Promise<void> {
		const client = new pg.Client(connectionTo(this.#url, `${this.#store} ${this.#task}`));
		const gone = new AbortController();
		client.on("error", () => gone.abort());
		client.on("end", () => gone.abort());
		client.on("notification", () => this.#turns.nudged?.());
		let mine = false;
		try {
			await client.connect();
			await client.query(LISTENING);
			while (!this.#ending.signal.aborted && !gone.signal.aborted) {
				if (mine) await client.query("SELECT 1");
				else if (await locked(client, this.#task)) {
					// Who is not on duty would pass the word on to itself, without end.
					await client.query(`LISTEN ${pg.escapeIdentifier(this.#task)}`);
					mine = true;
					this.#turns.take();
				}
				await this.#pause(mine ? SAY_MS : ASK_MS, gone.signal);
			}
		} finally {
			if (mine) this.#turns.lose();
			await client.end().catch(() => undefined);
		}
	}

	async #pause(ms: number, or?: AbortSignal): Promise<void> {
		const signal = or ? AbortSignal.any([this.#ending.signal, or]) : this.#ending.signal;
		await sleep(ms, signal).catch(() => undefined);
	}
}

async function locked(client: pg.Client, task: string): Promise<boolean> {
	const { rows } = await client.query<{ mine: number }>(
		"SELECT pg_try_advisory_lock(hashtextextended($1, 0)) AS mine",
		[task]
	);
	return rows[0]!.mine === 1;
}
