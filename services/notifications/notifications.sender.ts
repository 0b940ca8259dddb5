import { backoff } from "../../broker/backoff.ts";
import { crash } from "../../broker/crash.ts";
import { isoNow } from "../../broker/ids.ts";
import type { Logger } from "../../broker/service.ts";
import type { Duty } from "../../broker/sql/sql.ts";
import type { Store, Unit } from "../../broker/sql/store.ts";
import type { Mailer } from "./mailer.ts";
import { due, markFailed, markSent, type NotificationRow } from "./notifications.store.ts";

/** How patiently mail is sent. */
export interface Patience {
	/** How often a mail is tried before it counts as failed. */
	tries: number;
	/** Between the first try and the second, in milliseconds; then doubling up to `longestPauseMs`. */
	firstPauseMs: number;
	longestPauseMs: number;
	/** The fallback when a wake-up was lost, and how exactly pauses are kept. */
	pollMs: number;
}

/** How many mails are sent before they are marked together. */
const BATCH = 32;

/**
 * Sends what waits in the store. A mail is sent first and marked after: a crash between the two sends it again under the
 * same key, never not at all.
 */
export class Sender {
	readonly #store: Store;
	readonly #mailer: Mailer;
	readonly #logger: Logger;
	readonly #patience: Patience;
	#working: Promise<void> | undefined;
	#again = false;
	#running = false;
	#timer: NodeJS.Timeout | undefined;
	#duty: Duty | undefined;

	constructor(store: Store, mailer: Mailer, logger: Logger, patience: Patience) {
		this.#store = store;
		this.#mailer = mailer;
		this.#logger = logger;
		this.#patience = patience;
	}

	/** Begins as soon as no other process sends: a mail is on its way before anybody can see that it is. */
	start(): void {
		this.#duty = this.#store.database.duty("mail", {
			take: () => this.#begin(),
			lose: () => this.#end(),
			nudged: () => this.wake()
		});
	}

	#begin(): void {
		this.#running = true;
		this.#timer = setInterval(() => this.wake(), this.#patience.pollMs);
		this.wake();
	}

	#end(): void {
		clearInterval(this.#timer);
		this.#running = false;
	}

	/** Resolves when the mail under way is sent and marked. */
	async stop(): Promise<void> {
		// Where it is not on duty, it shall not be called to it now.
		if (!this.#running) await this.#duty?.end();
		this.#end();
		await this.#working;
		await this.#duty?.end();
	}

	wake(): void {
		if (!this.#running) return this.#duty?.nudge();
		this.#again = true;
		this.#working ??= this.#work();
	}

	async #work(): Promise<void> {
		try {
			while (this.#running && this.#again) {
				this.#again = false;
				const rows = await due(this.#store, isoNow(), BATCH);
				if (rows.length > 0) await this.#deliver(rows);
				if (rows.length === BATCH) this.#again = true;
			}
		} catch (error) {
			this.#logger.error("Mail could not be sent or marked; the next poll tries again", error);
		} finally {
			// In the same breath as the last look at #again, so that no wake-up falls between.
			this.#working = undefined;
		}
	}

	async #deliver(rows: NotificationRow[]): Promise<void> {
		const outcomes = await Promise.all(
			rows.map(async row => {
				crash("notifications:before-mail");
				const record = await this.#send(row).then(
					() => (unit: Unit) => markSent(unit, row),
					(error: unknown) => this.#failed(row, error)
				);
				return { row, record };
			})
		);
		crash("notifications:after-mail-before-mark");
		// A unit each, for the sake of the request that each belongs to; together, so that they share a commit.
		const marks = await Promise.allSettled(
			outcomes.map(({ row, record }) => this.#store.transact({ origin: originOf(row) }, record))
		);
		for (const mark of marks) if (mark.status === "rejected") throw mark.reason;
	}

	#send({ id, kind, sends, recipient, recipient_name, subject, text, created_at }: NotificationRow): Promise<void> {
		const to = { name: recipient_name, address: recipient };
		return this.#mailer.send({ key: `${id}-${kind}`, sending: sends + 1, to, subject, text, at: created_at });
	}

	#failed({ id, attempts }: NotificationRow, error: unknown): (unit: Unit) => Promise<unknown> {
		const { tries, firstPauseMs, longestPauseMs } = this.#patience;
		const attempt = attempts + 1;
		const reason = error instanceof Error ? error.message : String(error);
		if (attempt === tries) this.#logger.error(`Notification ${id} was given up after ${tries} tries`, { reason });
		const next = attempt < tries ? isoNow(backoff(attempt, firstPauseMs, longestPauseMs)) : undefined;
		return unit => markFailed(unit, id, reason, next);
	}
}

const originOf = ({ correlation_id, causation_id, traceparent }: NotificationRow) => ({
	unit: "notifications/mark",
	correlationId: correlation_id,
	causationId: causation_id ?? undefined,
	traceparent: traceparent ?? undefined
});
