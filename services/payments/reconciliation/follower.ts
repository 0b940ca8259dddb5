import { isoNow } from "../../../broker/ids.ts";
import type { Caused } from "../../../broker/sql/store.ts";
import { followed, type Notice, unfollowed } from "../notices.store.ts";
import type { PaymentsService } from "../payments.service.ts";
import { byId, leftOpenBefore, ofKey, type PaymentRow, settle } from "../payments.store.ts";
import { look } from "../providers/ask.ts";
import { giveBack } from "../providers/give-back.ts";
import { leftBefore, type RefundRow } from "../refunds.store.ts";

const EVERY_MS = 30_000;
/** What is younger is most likely still being worked on by whoever began it. */
const LEFT_AFTER_MS = 30_000;
const BATCH = 100;

/**
 * Follows what nobody waits for: the provider's hints, and payments and refunds that were begun and left. It takes no hint
 * for a fact, it looks into the provider's books.
 */
export class Follower {
	readonly #payments: PaymentsService;
	#timer: NodeJS.Timeout | undefined;
	#round: Promise<void> | undefined;
	#again = false;
	#stopped = true;

	constructor(payments: PaymentsService) {
		this.#payments = payments;
	}

	start(): void {
		this.#stopped = false;
		this.#timer = setInterval(() => this.wake(), EVERY_MS);
		this.wake();
	}

	async stop(): Promise<void> {
		this.#stopped = true;
		clearInterval(this.#timer);
		await this.#round;
	}

	/** Begins a round now, or another one after the one that is under way. */
	wake(): void {
		if (this.#stopped) return;
		this.#again = true;
		this.#round ??= this.#rounds().finally(() => {
			this.#round = undefined;
		});
	}

	async #rounds(): Promise<void> {
		while (this.#again && !this.#stopped) {
			this.#again = false;
			await this.round().catch((error: unknown) =>
				this.#payments.logger.error("What was left open could not be read; the next round tries again", error)
			);
		}
	}

	/** Follows every hint, and everything that was left for longer than `leftForMs`. What fails is left to the next round. */
	async round(leftForMs = LEFT_AFTER_MS): Promise<void> {
		const { store } = this.#payments;
		const since = isoNow(-leftForMs);
		for (const notice of await unfollowed(store, BATCH)) await this.#try(() => this.#follow(notice));
		for (const payment of await leftOpenBefore(store, since, BATCH)) await this.#try(() => this.#takeUp(payment));
		for (const refund of await leftBefore(store, since, BATCH)) await this.#try(() => this.#finish(refund));
	}

	async #follow(notice: Notice): Promise<void> {
		const { store, provider } = this.#payments;
		const payment = await ofKey(store, notice.key);
		const known = payment && (await look(provider, payment));
		await store.transact(causeOf(payment, "hint"), async unit => {
			if (payment && known) await settle(unit, payment, known);
			await followed(unit, notice);
		});
	}

	async #takeUp(payment: PaymentRow): Promise<void> {
		const { store, provider } = this.#payments;
		const known = await look(provider, payment);
		// Where nothing arrived, nothing is sent: whoever wanted the payment still does, or voids it.
		if (known && known.state !== "pending")
			await store.transact(causeOf(payment, "left"), unit => settle(unit, payment, known));
	}

	async #finish(refund: RefundRow): Promise<void> {
		const payment = (await byId(this.#payments.store, refund.payment_id))!;
		await giveBack(this.#payments, causeOf(refund, "refund"), payment, refund);
	}

	async #try(work: () => Promise<void>): Promise<void> {
		await work().catch((error: unknown) =>
			this.#payments.logger.warn("A payment could not be followed; the next round tries again", error)
		);
	}
}

/** The events of what was left belong to the request that began it. */
const causeOf = (row: Pick<PaymentRow, "correlation_id" | "traceparent"> | undefined, what: string): Caused => ({
	origin: {
		unit: `payments/follow-${what}`,
		correlationId: row?.correlation_id ?? "provider",
		traceparent: row?.traceparent ?? undefined
	}
});
