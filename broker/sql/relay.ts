import type { Logger } from "../service.ts";
import type { Bus } from "../bus/bus.ts";
import { crash } from "../crash.ts";
import type { SoukEvent } from "../event.ts";
import { isoNow } from "../ids.ts";
import { type Database, type Duty, noneOf, oneOf } from "./sql.ts";

const BATCH = 500;
const IN_FLIGHT = 2_000;
/** The fallback when a wake-up was lost with the process that would have sent it. */
const POLL_MS = 1_000;
/** How long the marks of what was delivered wait for those of what is on its way. */
const GATHER_MS = 100;

/** How many events of an outbox are committed and not yet answered for by the bus. */
export async function pendingIn(database: Pick<Database, "get">): Promise<number> {
	return (await database.get<{ n: number }>("SELECT count(*) AS n FROM outbox WHERE published_at IS NULL"))!.n;
}

/** Carries committed events from one store's outbox to the bus, in order, until the bus answers for each. */
export class Relay {
	readonly #database: Database;
	readonly #bus: Bus;
	readonly #logger: Logger;
	readonly #inFlight = new Set<number>();
	#answered: number[] = [];
	/** All rows up to here were handed to the bus. */
	#cursor = 0;
	/** The first row that the bus did not take; nothing overtakes it. */
	#refused: number | undefined;
	#pumping: Promise<void> | undefined;
	#marking: Promise<void> | undefined;
	#again = false;
	#rewound = false;
	#timer: NodeJS.Timeout | undefined;
	#gathering: NodeJS.Timeout | undefined;
	#running = false;
	#duty: Duty | undefined;

	constructor(database: Database, bus: Bus, logger: Logger) {
		this.#database = database;
		this.#bus = bus;
		this.#logger = logger;
	}

	/** Begins as soon as no other process of the service does this: two would send everything twice, and out of order. */
	start(): void {
		this.#duty = this.#database.duty("relay", {
			take: () => this.#begin(),
			lose: () => this.#end(),
			nudged: () => this.wake()
		});
	}

	#begin(): void {
		this.#running = true;
		this.#timer = setInterval(() => this.#poll(), POLL_MS);
		this.#poll();
	}

	#end(): void {
		clearInterval(this.#timer);
		this.#running = false;
	}

	/** Events of work that is still under way are delivered first, as far as the consumers allow. */
	async stop(): Promise<void> {
		// Where it is not on duty, it shall not be called to it now.
		if (!this.#running) await this.#duty?.end();
		this.#end();
		await this.#pumping;
		await this.#marking;
		if (this.#answered.length > 0) await this.#markNow();
		await this.#duty?.end();
	}

	/** Number of events that are committed and not yet answered for by the bus. */
	backlog(): Promise<number> {
		return pendingIn(this.#database);
	}

	/** Looks at all rows again: some that counted as delivered do so no longer. */
	rewind(): void {
		this.#cursor = 0;
		this.#rewound = true;
		this.wake();
	}

	wake(): void {
		if (!this.#running) return this.#duty?.nudge();
		this.#again = true;
		this.#pumping ??= this.#pump()
			.catch((error: unknown) => this.#logger.error("The outbox could not be read; the next poll tries again", error))
			.finally(() => {
				this.#pumping = undefined;
				// What was committed after the last look, and whose wake-up came while this one was still ending.
				if (this.#again && this.#flows()) this.wake();
			});
	}

	#poll(): void {
		if (this.#refused !== undefined) this.#cursor = Math.min(this.#cursor, this.#refused - 1);
		this.#refused = undefined;
		if (this.#answered.length > 0) void this.#markNow();
		this.wake();
	}

	#flows(): boolean {
		return this.#running && this.#refused === undefined && this.#inFlight.size < IN_FLIGHT;
	}

	async #pump(): Promise<void> {
		while (this.#again && this.#flows()) {
			this.#again = false;
			this.#rewound = false;
			const rows = await this.#unsent();
			// What was read before the rewinding lies behind what is to be sent first.
			if (this.#rewound) continue;
			for (const { seq, payload } of rows) {
				if (!this.#flows()) break;
				this.#cursor = seq;
				if (!this.#inFlight.has(seq)) this.#publish(seq, payload);
			}
			this.#again ||= rows.length === BATCH || !this.#flows();
		}
	}

	#unsent(): Promise<{ seq: number; payload: string }[]> {
		// With one writer a number that is read later is greater. With many, a smaller one may be committed after it.
		const unsent = this.#database.shared
			? noneOf("seq", [...this.#inFlight])
			: { sql: "seq > ?", values: [this.#cursor] };
		return this.#database.all(
			`SELECT seq, payload FROM outbox WHERE published_at IS NULL AND ${unsent.sql} ORDER BY seq LIMIT ${BATCH}`,
			unsent.values
		);
	}

	#publish(seq: number, payload: string): void {
		this.#inFlight.add(seq);
		crash("relay:before-publish");
		this.#bus.publish(JSON.parse(payload) as SoukEvent).then(
			() => {
				crash("relay:after-publish-before-mark");
				this.#answered.push(seq);
				this.#markSoon();
			},
			(error: unknown) => {
				// The row stays, and the next poll starts from it.
				this.#inFlight.delete(seq);
				this.#refused = Math.min(this.#refused ?? seq, seq);
				if (this.#running) this.#logger.warn("An event was not delivered; it will be sent again", { seq, error });
			}
		);
	}

	// Nobody waits for a mark: as long as more is on its way, one statement for all of it will do.
	#markSoon(): void {
		if (this.#answered.length === this.#inFlight.size) void this.#markNow();
		else this.#gathering ??= setTimeout(() => void this.#markNow(), GATHER_MS);
	}

	#markNow(): Promise<void> {
		clearTimeout(this.#gathering);
		this.#gathering = undefined;
		return (this.#marking ??= this.#mark().then(done => {
			this.#marking = undefined;
			if (done && this.#answered.length > 0) this.#markSoon();
		}));
	}

	/** Resolves to whether it could be done. */
	async #mark(): Promise<boolean> {
		await new Promise(turn => setImmediate(turn));
		const seqs = this.#answered;
		this.#answered = [];
		try {
			const these = oneOf("seq", seqs);
			await this.#database.apply("relay", `UPDATE outbox SET published_at = ? WHERE ${these.sql}`, [
				isoNow(),
				...these.values
			]);
		} catch (error) {
			// The next poll tries again. What is unmarked when the process ends is delivered again, and skipped by the inboxes.
			this.#answered = seqs.concat(this.#answered);
			if (this.#running) this.#logger.warn("Delivered events could not be marked yet", error);
			return false;
		}
		const full = this.#inFlight.size >= IN_FLIGHT;
		for (const seq of seqs) this.#inFlight.delete(seq);
		if (full) this.wake();
		return true;
	}
}
