import type { ConsumerMessages, JsMsg } from "nats";
import { backoff, sleep } from "../backoff.ts";
import type { SoukEvent } from "../event.ts";
import type { Logger } from "../service.ts";
import type { Consumer } from "./bus.ts";
import type { Lanes } from "./lanes.ts";
import type { Link } from "./link.ts";
import type { Turn } from "./turn.ts";
import { ACK_WAIT_MS, provideConsumer, STREAM, typeOf } from "./stream.ts";

/** How often the server is told that an event is still being handled. */
const IN_PROGRESS_MS = ACK_WAIT_MS / 3;
/** How long the server holds a question for more, and how often it shows meanwhile that it lives. */
const ASK_MS = 30_000;
const HEARTBEAT_MS = 2_000;

export interface SubscriptionOptions {
	consumer: Consumer;
	/** The name of the durable consumer, and the subjects it takes. */
	durable: string;
	filter: string;
	link: Link;
	lanes: Lanes;
	/** Set where other processes may have this consumer, too. */
	turn: Turn | undefined;
	logger: Logger;
	/** Sees to it that there is a stream, before each beginning. */
	heal: () => Promise<void>;
}

/**
 * Delivers one durable consumer's events, in the order of the stream for each subject. A delivery that never came, a lost
 * connection, a consumer that is gone: it begins again from the first event that was not answered for.
 */
export class Subscription {
	readonly #options: SubscriptionOptions;
	readonly #unanswered = new Set<JsMsg>();
	readonly #stopping = new AbortController();
	#messages: ConsumerMessages | undefined;
	#running: Promise<void> = Promise.resolve();
	#reminding: NodeJS.Timeout | undefined;

	constructor(options: SubscriptionOptions) {
		this.#options = options;
	}

	/** Begins to deliver. Throws ConfigurationError when there is a consumer that cannot be used. */
	async start(): Promise<void> {
		// Who shares a consumer looks at it when its turn has come.
		const next = this.#options.turn ? undefined : await this.#provide();
		this.#reminding = setInterval(() => {
			for (const message of this.#unanswered) message.working();
		}, IN_PROGRESS_MS);
		this.#running = this.#run(next);
	}

	/** Begins again, as when the connection was lost: the stream is another one. */
	again(): void {
		this.#messages?.stop();
	}

	/** Takes nothing more. What is under way may end and be answered for. */
	async stop(): Promise<void> {
		this.#stopping.abort();
		clearInterval(this.#reminding);
		this.#messages?.stop();
		await this.#running;
	}

	async #run(first: number | undefined): Promise<void> {
		const { link, logger, durable, heal } = this.#options;
		const { signal } = this.#stopping;
		let next = first;
		for (let failures = 0; !signal.aborted; ) {
			try {
				await link.ready(signal);
				if (next === undefined) await heal();
				await this.#inTurn(async () => this.#deliver(next ?? (await this.#provide())));
				failures = 0;
			} catch (error) {
				if (signal.aborted) return;
				failures++;
				if (link.up && failures % 10 === 3) logger.warn(`${durable} gets no events yet`, error);
				await sleep(backoff(failures, 50, 2_000), signal).catch(() => undefined);
			}
			next = undefined;
		}
	}

	/** Does it while this process is the one that may; at once where there is no other. */
	async #inTurn(deliver: () => Promise<void>): Promise<void> {
		const { turn, consumer } = this.#options;
		if (!turn) return deliver();
		const lost = await turn.come(this.#stopping.signal);
		const end = () => this.#messages?.stop();
		lost.addEventListener("abort", end);
		try {
			await consumer.begin?.();
			if (!lost.aborted) await deliver();
		} finally {
			lost.removeEventListener("abort", end);
		}
	}

	#provide(): Promise<number> {
		const { link, durable, filter } = this.#options;
		return provideConsumer(link.manager, durable, filter);
	}

	/** Delivers until the order is broken or the source is gone. */
	async #deliver(first: number): Promise<void> {
		const { link, durable } = this.#options;
		const source = await link.jetstream.consumers.get(STREAM, durable);
		const messages = await source.consume({
			max_messages: 500,
			expires: ASK_MS,
			idle_heartbeat: HEARTBEAT_MS,
			abort_on_missing_resource: true
		});
		this.#messages = messages;
		if (this.#stopping.signal.aborted) messages.stop();
		const leave = link.on("down", () => messages.stop());
		try {
			let expected = first;
			for await (const message of messages) {
				if (message.info.deliverySequence !== expected++) return;
				this.#take(message);
			}
		} finally {
			leave();
			messages.stop();
		}
	}

	#take(message: JsMsg): void {
		const { consumer, lanes, logger } = this.#options;
		if (!consumer.hears(typeOf(message.subject))) return message.ack();
		let event: SoukEvent;
		try {
			event = message.json<SoukEvent>();
		} catch (error) {
			logger.error(`${message.subject} ${message.seq} is no event; it is left out`, error);
			return message.term();
		}
		this.#unanswered.add(message);
		lanes
			.run(`${consumer.name} ${event.subject}`, async () => {
				await this.#handOver(event);
				this.#answer(message);
			})
			.catch(() => this.#unanswered.delete(message));
	}

	// Never handed back to the server: it would go on with what is newer.
	async #handOver(event: SoukEvent): Promise<void> {
		const { consumer, logger } = this.#options;
		for (let attempt = 1; ; attempt++) {
			try {
				return await consumer.receive(event);
			} catch (error) {
				if (this.#stopping.signal.aborted) throw error;
				logger.error(`${consumer.name} could not take ${event.type} ${event.id}; it is tried again`, error);
				await sleep(backoff(attempt, 50, 5_000), this.#stopping.signal);
			}
		}
	}

	#answer(message: JsMsg): void {
		this.#unanswered.delete(message);
		try {
			message.ack();
		} catch (error) {
			// It comes again, and the inbox knows it.
			this.#options.logger.debug(`${message.subject} ${message.seq} could not be answered for`, error);
		}
	}
}
