import { backoff, sleep } from "./backoff.ts";
import type { Consumer } from "./bus/bus.ts";
import { crash } from "./crash.ts";
import { DeadLetterFailedAgain, DeadLetterNotFound } from "./dead-letters.ts";
import { eventSchema } from "./contract.ts";
import type { Origin } from "./context.ts";
import { isRefusal } from "./errors.ts";
import type { SoukEvent } from "./event.ts";
import type { EventCtx, Logger } from "./service.ts";
import type { Caused, Store, Unit } from "./sql/store.ts";

/** How often a fault that nobody expected is tried again before the event is parked. */
const ATTEMPTS = 10;
const OPEN = "status IN ('PARKED', 'WAITING')";

export type Handle = (event: SoukEvent, ctx: EventCtx) => Promise<void>;

export interface InboxOptions {
	service: string;
	store: Store;
	logger: Logger;
	handlers: ReadonlyMap<string, Handle>;
	/** The context a handler calls other services from. */
	callFor(event: SoukEvent): EventCtx["call"];
	/** The longest pause between two tries, in milliseconds. */
	maxPauseMs?: number;
}

interface Letter {
	id: number;
	event: string;
	status: string;
}

/** Why an event could not be handled, after how many tries. */
interface Failure {
	error: string;
	attempts: number;
}

/**
 * Handles each event once, however often it arrives. A fault that passes is waited out; what cannot be handled is parked
 * as a dead letter, and the later events of its subject wait behind it while other subjects flow on.
 */
export class Inbox implements Consumer {
	readonly name: string;
	readonly #options: InboxOptions;
	/** The subjects that may have dead letters open; the store knows for certain. */
	readonly #held = new Set<string>();
	readonly #stopping = new AbortController();

	constructor(options: InboxOptions) {
		this.name = options.service;
		this.#options = options;
	}

	/** Remembers which subjects were held when the process last stopped. */
	async start(): Promise<void> {
		const held = await this.#options.store.all<{ subject: string }>(
			"SELECT DISTINCT subject FROM dead_letters WHERE status IN ('PARKED', 'WAITING')"
		);
		for (const { subject } of held) this.#held.add(subject);
	}

	/** Goes on with what waited behind a dead letter that was resolved just before the process died. */
	resume(): void {
		for (const subject of this.#held) this.#release(subject);
	}

	/** Ends the waiting of events that are being tried again; their outboxes keep them. */
	stop(): void {
		this.#stopping.abort();
	}

	hears(type: string): boolean {
		return this.#options.handlers.has(type) || this.#options.handlers.has("*");
	}

	async receive(event: SoukEvent): Promise<void> {
		if (this.#held.has(event.subject) && (await this.#queue(event))) return;
		const failure = await this.#try(event);
		if (failure) await this.#park(event, failure);
	}

	/** Tries a dead letter again; those that waited behind it follow. Throws DeadLetterNotFound, DeadLetterFailedAgain. */
	async retry(id: number, edited?: Record<string, unknown>): Promise<void> {
		const letter = await this.#parked(id);
		const original = JSON.parse(letter.event) as SoukEvent;
		const event = edited ? ({ ...original, data: edited } as SoukEvent) : original;
		try {
			await this.#handle(event);
		} catch (error) {
			await this.#transact("retry", event, unit =>
				unit.run("UPDATE dead_letters SET attempts = attempts + 1, error = ? WHERE id = ?", [messageOf(error), id])
			);
			throw new DeadLetterFailedAgain(`${this.name}-${id}`, messageOf(error));
		}
		await this.#resolve(id, event, "RETRIED");
	}

	/** Gives a dead letter up, and lets those that waited behind it go on. Throws DeadLetterNotFound. */
	async discard(id: number): Promise<void> {
		const letter = await this.#parked(id);
		await this.#resolve(id, JSON.parse(letter.event) as SoukEvent, "DISCARDED");
	}

	async #parked(id: number): Promise<Letter> {
		const letter = await this.#options.store.get<Letter>(
			"SELECT id, event, status FROM dead_letters WHERE id = ? AND status = 'PARKED'",
			[id]
		);
		if (!letter) throw new DeadLetterNotFound(`${this.name}-${id}`);
		return letter;
	}

	/** Handles an event, waiting out what passes. Resolves to why not, if it cannot be; rejects when the process stops. */
	async #try(event: SoukEvent): Promise<Failure | undefined> {
		let unexpected = 0;
		for (let attempts = 1; ; attempts++) {
			try {
				await this.#handle(event);
				return undefined;
			} catch (error) {
				if (!isTransient(error)) unexpected++;
				if (isPermanent(error) || unexpected >= ATTEMPTS) return { error: messageOf(error), attempts };
				if (attempts === 3) this.#options.logger.warn(`${this.name} cannot handle ${event.type} yet`, error);
				await sleep(backoff(attempts, 50, this.#options.maxPauseMs ?? 5_000), this.#stopping.signal);
			}
		}
	}

	async #handle(event: SoukEvent): Promise<void> {
		const { store, handlers, callFor } = this.#options;
		const { error } = eventSchema(event.type)?.safeParse(event.data) ?? {};
		if (error) throw new PoisonEvent(event.type, error.message);
		const origin = originOf(this.name, event);
		const once: EventCtx["once"] = work =>
			store.transact({ origin }, async unit => ((await this.#first(unit, event)) ? await work(unit) : undefined));
		crash("inbox:before-handling");
		const handle = handlers.get(event.type) ?? handlers.get("*")!;
		await handle(event, { call: callFor(event), origin, once });
	}

	/** Marks an event as handled. Resolves to whether it was not before. */
	async #first(unit: Unit, event: SoukEvent): Promise<boolean> {
		const inserted = await unit.run(
			"INSERT INTO inbox (consumer, event_id, received_at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
			[this.name, event.id, unit.now]
		);
		return inserted === 1;
	}

	/** Lets an event wait behind those of its subject. Resolves to false when there is nothing to wait for any more. */
	async #queue(event: SoukEvent): Promise<boolean> {
		// Asked inside the unit: a subject that is released meanwhile would leave the event waiting for nobody.
		const waits = await this.#untilStored("wait", event, async unit => {
			if (await unit.get("SELECT 1 FROM dead_letters WHERE consumer = ? AND event_id = ?", [this.name, event.id]))
				return true;
			const ahead = await unit.get(`SELECT 1 FROM dead_letters WHERE subject = ? AND ${OPEN} LIMIT 1`, [event.subject]);
			if (ahead) await this.#write(unit, event, "WAITING");
			return ahead !== undefined;
		});
		if (!waits) this.#held.delete(event.subject);
		return waits;
	}

	async #park(event: SoukEvent, { error, attempts }: Failure): Promise<void> {
		this.#held.add(event.subject);
		this.#options.logger.error(`${this.name} parked ${event.type} ${event.id}`, { error, attempts });
		await this.#untilStored("park", event, async unit => {
			const id = await this.#write(unit, event, "PARKED", { error, attempts });
			if (id !== undefined) this.#announce(unit, "system.dead_letter_parked", id, event, { error });
		});
		crash("inbox:after-parking-before-answer");
	}

	/** Writes a dead letter. Resolves to undefined when the event has one already: it came again. */
	async #write(unit: Unit, event: SoukEvent, status: string, failure?: Failure): Promise<number | undefined> {
		const row = await unit.get<{ id: number }>(
			`INSERT INTO dead_letters (consumer, event_id, type, subject, event, status, error, attempts, parked_at)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING RETURNING id`,
			[
				this.name,
				event.id,
				event.type,
				event.subject,
				JSON.stringify(event),
				status,
				failure?.error ?? null,
				failure?.attempts ?? 0,
				unit.now
			]
		);
		return row?.id;
	}

	async #resolve(id: number, event: SoukEvent, status: "RETRIED" | "DISCARDED"): Promise<void> {
		await this.#transact("resolve", event, async unit => {
			const changed = await unit.run(
				"UPDATE dead_letters SET status = ?, event = ?, resolved_at = ? WHERE id = ? AND status = 'PARKED'",
				[status, JSON.stringify(event), unit.now, id]
			);
			if (changed === 0) throw new DeadLetterNotFound(`${this.name}-${id}`);
			// What was given up is not taken up again when it is delivered once more.
			await this.#first(unit, event);
			const type = status === "RETRIED" ? "system.dead_letter_retried" : "system.dead_letter_discarded";
			this.#announce(unit, type, id, event, {});
		});
		this.#release(event.subject);
	}

	#release(subject: string): void {
		this.#flow(subject).catch((error: unknown) => {
			if (!this.#stopping.signal.aborted)
				this.#options.logger.error(`${this.name} could not go on with ${subject}; a restart will`, error);
		});
	}

	// What waited is handled in the order it came. The subject stays held until nothing waits, so nothing overtakes.
	async #flow(subject: string): Promise<void> {
		for (;;) {
			const next = await this.#options.store.get<Letter>(
				`SELECT id, event, status FROM dead_letters WHERE subject = ? AND ${OPEN} ORDER BY id LIMIT 1`,
				[subject]
			);
			if (!next) break;
			if (next.status === "PARKED") return;
			const event = JSON.parse(next.event) as SoukEvent;
			const failure = await this.#try(event);
			await this.#untilStored("release", event, async unit => {
				const { error = null, attempts = 0 } = failure ?? {};
				await unit.run("UPDATE dead_letters SET status = ?, error = ?, attempts = ?, resolved_at = ? WHERE id = ?", [
					failure ? "PARKED" : "RETRIED",
					error,
					attempts,
					failure ? null : unit.now,
					next.id
				]);
				if (failure) this.#announce(unit, "system.dead_letter_parked", next.id, event, { error: failure.error });
			});
		}
		this.#held.delete(subject);
	}

	#announce(
		unit: Unit,
		type: "system.dead_letter_parked" | "system.dead_letter_retried" | "system.dead_letter_discarded",
		id: number,
		event: SoukEvent,
		more: { error?: string }
	): void {
		// A consumer that cannot handle these would otherwise announce each with another one, for ever.
		if (event.type.startsWith("system.dead_letter")) return;
		const letter = `${this.name}-${id}`;
		const about = { deadLetter: letter, consumer: this.name, type: event.type, subject: event.subject };
		unit.emit(type, `dead-letter/${letter}`, { ...about, ...more } as never);
	}

	#transact<T>(verb: string, event: SoukEvent, work: (unit: Unit) => Promise<T>): Promise<T> {
		const cause: Caused = { origin: { ...originOf(this.name, event), unit: `${this.name}/dead-letter-${verb}` } };
		return this.#options.store.transact(cause, work);
	}

	// Whatever keeps it from being written: the event must be in this store before the bus is answered.
	async #untilStored<T>(verb: string, event: SoukEvent, work: (unit: Unit) => Promise<T>): Promise<T> {
		for (let attempt = 1; ; attempt++) {
			try {
				return await this.#transact(verb, event, work);
			} catch (error) {
				if (attempt % 10 === 1)
					this.#options.logger.error(`${this.name} cannot write what it knows of ${event.id} yet`, error);
				await sleep(backoff(attempt, 100, this.#options.maxPauseMs ?? 5_000), this.#stopping.signal);
			}
		}
	}
}

/** The event's data is not what its contract says. */
class PoisonEvent extends Error {
	override name = "PoisonEvent";

	constructor(type: string, detail: string) {
		super(`${type} does not match its contract: ${detail}`);
	}
}

const originOf = (service: string, event: SoukEvent): Origin => ({
	unit: `${service}<${event.type}`,
	correlationId: event.correlationid,
	causationId: event.id,
	traceparent: event.traceparent
});

const messageOf = (error: unknown): string =>
	error instanceof Error ? `${error.name}: ${error.message}` : String(error);
const isPermanent = (error: unknown): boolean => error instanceof PoisonEvent || isRefusal(error);
/** Faults of the surroundings pass; they are waited out without a limit. */
const isTransient = (error: unknown): boolean => (error as { retryable?: boolean } | undefined)?.retryable === true;
