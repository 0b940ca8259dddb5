import { Alarm } from "./alarm.ts";
import { backoff } from "./backoff.ts";
import { crash } from "./crash.ts";
import { isRefusal, isTransient } from "./errors.ts";
import { isoNow } from "./ids.ts";
import type { Logger } from "./service.ts";
import type { Store, Unit } from "./sql/store.ts";

/** How often a fault that nobody expected is tried again before the timer is parked. */
const ATTEMPTS = 10;
/** How many fire at once. */
const BATCH = 200;

/** What is to happen to a subject, and when: UTC, ISO 8601 with milliseconds. */
export interface Timer<Data = unknown> {
	kind: string;
	subject: string;
	at: string;
	data: Data;
}

/** What happens then, in one unit with the end of the timer. It touches nothing but `unit`. */
export type Fire = (timer: Timer, unit: Unit) => Promise<void>;

export interface TimersOptions {
	service: string;
	store: Store;
	logger: Logger;
	/** What happens, by kind. */
	handlers: ReadonlyMap<string, Fire>;
	/** The longest pause between two tries, in milliseconds. */
	maxPauseMs?: number;
}

interface TimerRow {
	kind: string;
	subject: string;
	due_at: string;
	data: string;
	correlation_id: string;
	traceparent: string | null;
	attempts: number;
	faults: number;
}

/**
 * Timers that are rows of the store: set and cancelled with the change that they belong to, and fired once, in a unit that
 * also takes the row away. One that cannot be fired is parked: it stays, is announced, and is tried once more by the next
 * process (decision 15).
 */
export class Timers {
	readonly #options: TimersOptions;
	readonly #alarm: Alarm;
	readonly #since = isoNow();

	constructor(options: TimersOptions) {
		const { store, logger } = options;
		this.#options = options;
		this.#alarm = new Alarm({ database: store.database, task: "timers", logger, ring: () => this.fireDue() });
	}

	start(): void {
		this.#alarm.start();
	}

	stop(): Promise<void> {
		return this.#alarm.stop();
	}

	/** Sets the one timer of its kind that a subject has, whatever it was set to before. */
	async set(unit: Unit, { kind, subject, at, data }: Omit<Timer, "data"> & { data?: unknown }): Promise<void> {
		const { correlationId, traceparent } = unit.origin;
		await unit.run(
			`INSERT INTO timers (kind, subject, due_at, data, correlation_id, traceparent, next_try_at)
			VALUES (?, ?, ?, ?, ?, ?, ?)
			ON CONFLICT (kind, subject) DO UPDATE SET due_at = excluded.due_at, data = excluded.data,
				correlation_id = excluded.correlation_id, traceparent = excluded.traceparent,
				next_try_at = excluded.next_try_at, attempts = 0, faults = 0, error = NULL, parked_at = NULL`,
			[kind, subject, at, JSON.stringify(data ?? null), correlationId, traceparent ?? null, at]
		);
		unit.afterCommit(() => this.#alarm.set(Date.parse(at)));
	}

	/** Takes a timer back. One that is not there was never set, was taken back or has fired. */
	async cancel(unit: Unit, kind: string, subject: string): Promise<void> {
		await unit.run("DELETE FROM timers WHERE kind = ? AND subject = ?", [kind, subject]);
	}

	/** Fires what is due, a batch at most, and resolves to when the next is due: milliseconds since the epoch. */
	async fireDue(): Promise<number | undefined> {
		const { store } = this.#options;
		// What an earlier process parked is tried once more: this one may have what that one lacked.
		const open = "(parked_at IS NULL OR parked_at < ?)";
		const due = await store.all<TimerRow>(
			`SELECT * FROM timers WHERE next_try_at <= ? AND ${open} ORDER BY next_try_at LIMIT ${BATCH}`,
			[isoNow(), this.#since]
		);
		// A unit each: they share their commits with whatever else is written, and one that fails fails alone.
		const fired = await Promise.allSettled(due.map(row => this.#fire(row)));
		for (const outcome of fired) if (outcome.status === "rejected") throw outcome.reason;
		const next = await store.get<{ at: string | null }>(`SELECT min(next_try_at) AS at FROM timers WHERE ${open}`, [
			this.#since
		]);
		return next?.at ? Date.parse(next.at) : undefined;
	}

	async #fire(row: TimerRow): Promise<void> {
		const { store, handlers } = this.#options;
		crash("timers:before-firing");
		try {
			await store.transact(this.#causeOf(row, row.kind), async unit => {
				// Only as it was seen: it may have been set anew or taken back since, or another process was faster.
				const mine = await unit.run(
					"DELETE FROM timers WHERE kind = ? AND subject = ? AND due_at = ? AND attempts = ?",
					[row.kind, row.subject, row.due_at, row.attempts]
				);
				if (mine === 0) return;
				const fire = handlers.get(row.kind);
				if (!fire) throw new Error(`Nobody here knows timers of the kind ${row.kind}`);
				const { kind, subject, due_at: at, data } = row;
				await fire({ kind, subject, at, data: JSON.parse(data) }, unit);
			});
		} catch (error) {
			await this.#failed(row, error);
		}
	}

	async #failed({ kind, subject, due_at, ...row }: TimerRow, error: unknown): Promise<void> {
		const { service, store, logger, maxPauseMs = 60_000 } = this.#options;
		const passes = isTransient(error);
		const attempts = row.attempts + 1;
		const faults = row.faults + (passes ? 0 : 1);
		const parked = !passes && (isRefusal(error) || faults >= ATTEMPTS);
		const reason = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
		if (parked) logger.error(`${service} parked the timer ${kind} of ${subject}`, { reason, attempts });
		await store.transact(this.#causeOf(row, "failed"), async unit => {
			const changed = await unit.run(
				`UPDATE timers SET attempts = ?, faults = ?, error = ?, next_try_at = ?, parked_at = ?
				WHERE kind = ? AND subject = ? AND due_at = ? AND attempts = ?`,
				[
					attempts,
					faults,
					reason,
					parked ? due_at : isoNow(backoff(attempts, 50, maxPauseMs)),
					parked ? unit.now : null,
					kind,
					subject,
					due_at,
					row.attempts
				]
			);
			if (parked && changed > 0)
				unit.emit("system.timer_parked", `timer/${service}/${subject}`, {
					service,
					kind,
					about: subject,
					error: reason
				});
		});
	}

	#causeOf({ correlation_id, traceparent }: Pick<TimerRow, "correlation_id" | "traceparent">, step: string) {
		const unit = `${this.#options.service}/timer-${step}`;
		return { origin: { unit, correlationId: correlation_id, traceparent: traceparent ?? undefined } };
	}
}

/** How many timers could not be fired and wait for a person. */
export async function parkedTimers(store: Pick<Store, "get">): Promise<number> {
	return (await store.get<{ n: number }>("SELECT count(*) AS n FROM timers WHERE parked_at IS NOT NULL"))!.n;
}
