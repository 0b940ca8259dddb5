import { backoff, sleep } from "../../broker/backoff.ts";
import { crash } from "../../broker/crash.ts";
import { StoreUnavailable } from "../../broker/errors.ts";
import { isoNow } from "../../broker/ids.ts";
import type { Logger } from "../../broker/service.ts";
import type { Store, Unit } from "../../broker/sql/store.ts";
import { begin, due, hold, markFailed, markSent } from "./deliveries.store.ts";
import { letterFrom } from "./letters.ts";
import type { NotificationRow } from "./notifications.store.ts";
import { type Message, type Outlet, OutletFault } from "./outlet.ts";

/** How patiently messages are sent. */
export interface Patience {
	/** How often a message is tried before it counts as failed. */
	tries: number;
	/** Between the first try and the second, in milliseconds; then doubling up to `longestPauseMs`. */
	firstPauseMs: number;
	longestPauseMs: number;
	/** The fallback when a wake-up was lost, and how exactly pauses are kept. */
	pollMs: number;
}

interface LaneOptions {
	store: Store;
	channel: string;
	outlet: Outlet;
	logger: Logger;
	patience: Patience;
}

/** How many messages are sent before they are marked together. */
const BATCH = 32;
/** How long processes that share a store leave a message to the one that tries it, and how often that one asks for more. */
const LEASE_MS = 8_000;
const RENEW_MS = 2_000;
/** How soon a mark is tried again that the store did not take. */
const MARK_AGAIN_MS = 500;

/**
 * Sends what waits for one channel. That a message is tried is written first, then it is sent, then it is marked: a crash
 * between the two ends sends it again under the same key, never not at all, and the log shows that there was a doubt.
 */
export class Lane {
	readonly #options: LaneOptions;
	#working: Promise<void> | undefined;
	#again = false;
	#running = false;

	constructor(options: LaneOptions) {
		this.#options = options;
	}

	open(): void {
		this.#running = true;
		this.wake();
	}

	close(): void {
		this.#running = false;
	}

	/** Resolves when what is under way is sent and marked. */
	async idle(): Promise<void> {
		await this.#working;
	}

	wake(): void {
		if (!this.#running) return;
		this.#again = true;
		this.#working ??= this.#work();
	}

	async #work(): Promise<void> {
		const { store, channel, logger } = this.#options;
		try {
			while (this.#running && this.#again) {
				this.#again = false;
				const waiting = await due(store, channel, BATCH);
				if (waiting.length > 0) await this.#deliver(waiting.map(({ id }) => id));
				if (waiting.length === BATCH) this.#again = true;
			}
		} catch (error) {
			logger.error("Messages could not be sent or marked; the next poll tries again", { channel, error });
		} finally {
			// In the same breath as the last look at #again, so that no wake-up falls between.
			this.#working = undefined;
		}
	}

	async #deliver(ids: number[]): Promise<void> {
		const { store, outlet } = this.#options;
		const origin = { unit: "notifications/attempt", correlationId: "mail" };
		const rows = await store.transact({ origin }, unit => begin(unit, ids, outlet.via, this.#leaseUntil()));
		const renewing = setInterval(() => this.#renew(rows), RENEW_MS);
		try {
			const outcomes = await Promise.all(
				rows.map(async row => {
					crash("notifications:before-mail");
					const record = await outlet.send(messageOf(row)).then(
						() => (unit: Unit) => markSent(unit, row),
						(error: unknown) => this.#failed(row, error)
					);
					return { row, record };
				})
			);
			crash("notifications:after-mail-before-mark");
			// A unit each, for the sake of the request that each belongs to; together, so that they share a commit.
			const marks = await Promise.allSettled(outcomes.map(({ row, record }) => this.#mark(row, record)));
			for (const mark of marks) if (mark.status === "rejected") throw mark.reason;
		} finally {
			clearInterval(renewing);
		}
	}

	/** A file has one owner: when that one begins, nobody else can still be at it, and what was cut off waits for nothing. */
	#leaseUntil(): string {
		return isoNow(this.#options.store.database.shared ? LEASE_MS : 0);
	}

	#renew(rows: readonly NotificationRow[]): void {
		const { store } = this.#options;
		if (!store.database.shared) return;
		const ids = rows.map(({ id }) => id);
		// Where it cannot be asked for, it may run out: then another process sends once more what nobody knows of.
		void hold(store, ids, this.#leaseUntil()).catch(() => undefined);
	}

	/** What became of a try is kept while the store is away, for as long as nobody else may have taken the message up. */
	async #mark(row: NotificationRow, record: (unit: Unit) => Promise<unknown>): Promise<void> {
		// The lease may have been renewed that long ago, when the store went away.
		const until = performance.now() + LEASE_MS - RENEW_MS;
		for (;;)
			try {
				await this.#options.store.transact({ origin: originOf(row) }, record);
				return;
			} catch (error) {
				if (!(error instanceof StoreUnavailable) || performance.now() > until) throw error;
				await sleep(MARK_AGAIN_MS);
			}
	}

	#failed(row: NotificationRow, fault: unknown): (unit: Unit) => Promise<unknown> {
		const { tries, firstPauseMs, longestPauseMs } = this.#options.patience;
		const kind = fault instanceof OutletFault ? fault.kind : "deferred";
		const away = kind === "away";
		const attempt = row.attempts + (away ? 0 : 1);
		const error = fault instanceof Error ? fault.message : String(fault);
		// Who is away has not seen the message, so no try of it is used up; a lost answer is asked for again only so often.
		const last = kind === "refused" || (!away && attempt >= tries);
		if (last)
			this.#options.logger.error(`Notification ${row.id} was given up after ${attempt} tries`, { reason: error });
		const nextTryAt = last ? undefined : isoNow(backoff(away ? row.tries : attempt, firstPauseMs, longestPauseMs));
		const outcome = kind === "lost" ? "UNKNOWN" : "FAILED";
		return unit => markFailed(unit, row, { outcome, error, attempt, nextTryAt });
	}
}

const messageOf = (row: NotificationRow): Message => ({
	key: `${row.id}-${row.kind}`,
	messageId: row.message_id,
	userId: row.user_id,
	kind: row.kind,
	to: { name: row.recipient_name, address: row.recipient },
	language: row.language,
	subject: row.subject,
	text: row.text,
	// An older message has none.
	html: row.html || letterFrom(row.subject, row.text).html,
	at: row.created_at
});

const originOf = ({ correlation_id, causation_id, traceparent }: NotificationRow) => ({
	unit: "notifications/mark",
	correlationId: correlation_id,
	causationId: causation_id ?? undefined,
	traceparent: traceparent ?? undefined
});
