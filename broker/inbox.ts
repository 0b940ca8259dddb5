import { backoff, sleep } from "./backoff.ts";
import type { Consumer } from "./bus/bus.ts";
import { crash } from "./crash.ts";
import { DeadLetterFailedAgain } from "./dead-letters.ts";
import { eventSchema } from "./contract.ts";
import type { Origin } from "./context.ts";
import { isRefusal, isTransient } from "./errors.ts";
import type { SoukEvent } from "./event.ts";
import type { EventMeter } from "./event-meter.ts";
import {
	failedAgain,
	firstInLine,
	heldSubjects,
	markHandled,
	park,
	parkedLetter,
	resolve,
	standInLine,
	tookTurn,
	type Failure,
	type Letter
} from "./letters.ts";
import type { EventCtx, Logger } from "./service.ts";
import type { Duty } from "./sql/sql.ts";
import type { Caused, Store, Unit } from "./sql/store.ts";

/** How often a fault that nobody expected is tried again before the event is parked. */
const ATTEMPTS = 10;
/** How often is looked for lines that nobody lets flow, in milliseconds. */
const LOOK_MS = 5_000;

export type Handle = (event: SoukEvent, ctx: EventCtx) => Promise<void>;

export interface InboxOptions {
	service: string;
	store: Store;
	logger: Logger;
	handlers: ReadonlyMap<string, Handle>;
	meter: EventMeter;
	/** The context a handler calls other services from. */
	callFor(event: SoukEvent): EventCtx["call"];
	/** The longest pause between two tries, in milliseconds. */
	maxPauseMs?: number;
}

/**
 * Handles each event once, however often it arrives. A fault that passes is waited out; what cannot be handled is parked
 * as a dead letter, and the later events of its subject wait behind it while other subjects flow on.
 */
export class Inbox implements Consumer {
	readonly name: string;
	readonly types: readonly string[];
	/** A store of several processes has one that takes deliveries; a SQLite file has one process. */
	readonly duty: Consumer["duty"];
	readonly #options: InboxOptions;
	/** The subjects that may have dead letters open; the store knows for certain. */
	readonly #held = new Set<string>();
	readonly #stopping = new AbortController();
	readonly #flowing = new Set<string>();
	#looked: Promise<string[]> | undefined;
	#duty: Duty | undefined;
	#looking: NodeJS.Timeout | undefined;

	constructor(options: InboxOptions) {
		this.name = options.service;
		this.types = [...options.handlers.keys()];
		this.#options = options;
		const { database } = options.store;
		this.duty = database.shared ? turns => database.duty("deliveries", turns) : undefined;
	}

	/** Learns which subjects are held: by this process before it last stopped, or by another one. */
	async begin(): Promise<void> {
		for (const subject of await heldSubjects(this.#options.store)) this.#held.add(subject);
	}

	/** Goes on with what waited behind a dead letter that was resolved just before its process died. */
	resume(): void {
		this.#duty = this.#options.store.database.duty("lines", {
			take: () => {
				for (const subject of this.#held) this.#release(subject);
				if (this.duty) this.#looking = setInterval(() => this.#look(), LOOK_MS);
			},
			lose: () => clearInterval(this.#looking)
		});
	}

	/** Ends the waiting of events that are being tried again; their outboxes keep them. */
	async stop(): Promise<void> {
		this.#stopping.abort();
		await this.#duty?.end();
		clearInterval(this.#looking);
	}

	// A process that resolved a dead letter and died leaves the line behind it to the others.
	#look(): void {
		heldSubjects(this.#options.store)
			.then(subjects =>
				subjects.filter(subject => !this.#flowing.has(subject)).forEach(subject => this.#release(subject))
			)
			.catch((error: unknown) => this.#options.logger.warn(`${this.name} could not look for those who wait`, error));
	}

	hears(type: string): boolean {
		return this.#options.handlers.has(type) || this.#options.handlers.has("*");
	}

	async receive(event: SoukEvent): Promise<void> {
		const { meter } = this.#options;
		if ((await this.#mayBeHeld(event.subject)) && (await this.#queue(event)))
			return meter.measure(this.name, event, "waiting");
		const failure = await this.#try(event);
		if (failure) await this.#park(event, failure);
		meter.measure(this.name, event, failure ? "parked" : "handled");
	}

	/** Tries a dead letter again; those that waited behind it follow. Throws DeadLetterNotFound, DeadLetterFailedAgain. */
	async retry(id: number, edited?: Record<string, unknown>): Promise<void> {
		const letter = await parkedLetter(this.#options.store, this.name, id);
		const event = edited ? ({ ...letter.event, data: edited } as SoukEvent) : letter.event;
		try {
			await this.#handle(event);
		} catch (error) {
			await this.#transact("retry", event, unit => failedAgain(unit, id, messageOf(error)));
			throw new DeadLetterFailedAgain(`${this.name}-${id}`, messageOf(error));
		}
		await this.#resolve({ ...letter, event }, "RETRIED");
	}

	/** Gives a dead letter up, and lets those that waited behind it go on. Throws DeadLetterNotFound. */
	async discard(id: number): Promise<void> {
		await this.#resolve(await parkedLetter(this.#options.store, this.name, id), "DISCARDED");
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

	#handle(event: SoukEvent): Promise<void> {
		const deed = { kind: "event", name: event.type, service: this.name, requestId: event.correlationid } as const;
		return this.#options.store.tracer.span(deed, event.traceparent, traceparent =>
			this.#handleFor({ ...event, traceparent }, event)
		);
	}

	/** What is done about the event is done for `cause`: the same, in the span of its handling. */
	async #handleFor(cause: SoukEvent, event: SoukEvent): Promise<void> {
		const { store, handlers, callFor } = this.#options;
		const { error } = eventSchema(event.type)?.safeParse(event.data) ?? {};
		if (error) throw new PoisonEvent(event.type, error.message);
		const origin = originOf(this.name, cause);
		const once: EventCtx["once"] = work =>
			store.transact({ origin }, async unit =>
				(await markHandled(unit, this.name, event)) ? await work(unit) : undefined
			);
		crash("inbox:before-handling");
		const handle = handlers.get(event.type) ?? handlers.get("*")!;
		await handle(event, { call: callFor(cause), origin, once });
	}

	async #mayBeHeld(subject: string): Promise<boolean> {
		if (!this.duty || this.#held.has(subject)) return this.#held.has(subject);
		// What another process parked, only the store knows: one look for all events that come in one turn.
		this.#looked ??= new Promise(turn => setImmediate(turn)).then(() => {
			this.#looked = undefined;
			return this.#insist(() => heldSubjects(this.#options.store));
		});
		return (await this.#looked).includes(subject);
	}

	/** Resolves to whether the event waits in the line of its subject now. */
	async #queue(event: SoukEvent): Promise<boolean> {
		const waits = await this.#untilStored("wait", event, unit => standInLine(unit, this.name, event));
		if (!waits) this.#held.delete(event.subject);
		return waits;
	}

	async #park(event: SoukEvent, failure: Failure): Promise<void> {
		this.#held.add(event.subject);
		this.#options.logger.error(`${this.name} parked ${event.type} ${event.id}`, failure);
		await this.#untilStored("park", event, unit => park(unit, this.name, event, failure));
		crash("inbox:after-parking-before-answer");
	}

	async #resolve(letter: Letter, status: "RETRIED" | "DISCARDED"): Promise<void> {
		await this.#transact("resolve", letter.event, unit => resolve(unit, this.name, letter, status));
		this.#release(letter.event.subject);
	}

	#release(subject: string): void {
		this.#flowing.add(subject);
		// It ends early only when the process stops; the next one resumes.
		this.#flow(subject)
			.catch(() => undefined)
			.finally(() => this.#flowing.delete(subject));
	}

	// What waited is handled in the order it came. That nothing waits any more is for the next event of the subject to find
	// out, in a unit: an event that is being parked just now would be missed here, and overtaken.
	async #flow(subject: string): Promise<void> {
		for (;;) {
			const next = await this.#insist(() => firstInLine(this.#options.store, subject));
			if (!next || next.status === "PARKED") return;
			const failure = await this.#try(next.event);
			await this.#untilStored("release", next.event, unit => tookTurn(unit, this.name, next, failure));
		}
	}

	#transact<T>(verb: string, event: SoukEvent, work: (unit: Unit) => Promise<T>): Promise<T> {
		const cause: Caused = { origin: { ...originOf(this.name, event), unit: `${this.name}/dead-letter-${verb}` } };
		return this.#options.store.transact(cause, work);
	}

	#untilStored<T>(verb: string, event: SoukEvent, work: (unit: Unit) => Promise<T>): Promise<T> {
		return this.#insist(() => this.#transact(verb, event, work));
	}

	// Whatever keeps the store from it: the event must be in there before the bus is answered.
	async #insist<T>(ask: () => Promise<T>): Promise<T> {
		for (let attempt = 1; ; attempt++) {
			try {
				return await ask();
			} catch (error) {
				if (this.#stopping.signal.aborted) throw error;
				if (attempt % 10 === 1) this.#options.logger.error(`${this.name} cannot use its dead letters yet`, error);
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
