import type { Logger } from "./service.ts";
import type { Database, Duty } from "./sql/sql.ts";

/** The longest sleep: neither a clock that is set nor a wake-up that is lost delays anything for longer. */
const LONGEST_MS = 1_000;

export interface AlarmOptions {
	database: Database;
	/** What it is called where processes share the store: one of them is on duty. */
	task: string;
	logger: Logger;
	/** Does what is due, a batch at most, and resolves to when something is due next: milliseconds since the epoch. */
	ring(): Promise<number | undefined>;
}

/** Does what falls due in a store, to the second. It sleeps, but what is due is asked of the wall clock each time. */
export class Alarm {
	readonly #options: AlarmOptions;
	#duty: Duty | undefined;
	#running = false;
	#timer: NodeJS.Timeout | undefined;
	#wakesAt = 0;
	#ringing: Promise<void> | undefined;

	constructor(options: AlarmOptions) {
		this.#options = options;
	}

	/** Begins with what fell due while nobody was there, as soon as no other process does this. */
	start(): void {
		this.#duty = this.#options.database.duty(this.#options.task, {
			take: () => {
				this.#running = true;
				this.set(0);
			},
			lose: () => this.#end(),
			nudged: () => this.set(0)
		});
	}

	/** Resolves when what is being done is done. */
	async stop(): Promise<void> {
		// Where it is not on duty, it shall not be called to it now.
		if (!this.#running) await this.#duty?.end();
		this.#end();
		await this.#ringing;
		await this.#duty?.end();
	}

	/** Something is due at this time. To be called when that is committed. */
	set(at: number): void {
		// Whoever is on duty looks by itself before anything that is further away.
		if (!this.#running) return at - Date.now() < LONGEST_MS ? this.#duty?.nudge() : undefined;
		if (this.#timer && this.#wakesAt <= at) return;
		clearTimeout(this.#timer);
		this.#wakesAt = at;
		this.#timer = setTimeout(() => this.#ring(), Math.min(LONGEST_MS, Math.max(0, at - Date.now())));
	}

	#end(): void {
		clearTimeout(this.#timer);
		this.#timer = undefined;
		this.#running = false;
	}

	#ring(): void {
		this.#timer = undefined;
		const { task, logger, ring } = this.#options;
		this.#ringing ??= ring()
			.catch((error: unknown) => {
				if (this.#running) logger.error(`What is due (${task}) could not be done; the next look tries again`, error);
				return undefined;
			})
			.then(next => {
				this.#ringing = undefined;
				if (this.#running) this.set(next ?? Date.now() + LONGEST_MS);
			});
	}
}
