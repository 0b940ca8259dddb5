import type { StreamInfo } from "nats";
import { backoff, sleep } from "../backoff.ts";
import type { SoukEvent } from "../event.ts";
import type { Logger } from "../service.ts";
import type { Bus, Consumer, Outbox } from "./bus.ts";
import { Lanes } from "./lanes.ts";
import { Link } from "./link.ts";
import { durablesOf, isCutOff, lastSaidBy, provideStream, STREAM, subjectOf } from "./stream.ts";
import { Turn } from "./turn.ts";
import { Subscription } from "./subscription.ts";

const ANSWER_MS = 2_000;
/** How often the stream is compared with the outboxes although nothing points to a loss. */
const COMPARE_MS = 60_000;

export interface JetStreamOptions {
	/** `nats://host:4222`, with a user and a password where the server asks for them. */
	url: string;
	/** What the server calls this process. */
	name: string;
	logger: Logger;
}

/**
 * The wire between processes: one JetStream stream, a durable consumer for each service and entity it hears of. The server
 * only carries: what it loses is seen by comparing it with the outboxes, and sent again.
 */
export class JetStreamBus implements Bus {
	readonly #options: JetStreamOptions;
	readonly #consumers: Consumer[] = [];
	readonly #outboxes: Outbox[] = [];
	readonly #publishing = new Lanes();
	readonly #delivering = new Lanes();
	readonly #closing = new AbortController();
	readonly #turns: Turn[] = [];
	#subscriptions: Subscription[] = [];
	#link: Link | undefined;
	#healing: Promise<void> | undefined;
	#comparing: NodeJS.Timeout | undefined;
	/** The stream as it was when it was last compared with the outboxes. */
	#known: StreamInfo | undefined;
	/** How often something pointed to a loss, and how many of these were looked into. Nothing is sent in between. */
	#doubts = 0;
	#settled = 0;
	#losses = 0;

	constructor(options: JetStreamOptions) {
		this.#options = options;
	}

	subscribe(consumer: Consumer): void {
		this.#consumers.push(consumer);
	}

	/** Connects, and begins to deliver to those who have subscribed. Throws ConfigurationError when the server cannot be used. */
	async start(): Promise<void> {
		const { url, name, logger } = this.#options;
		const link = await Link.open(url, name, logger);
		this.#link = link;
		this.#known = await provideStream(link.manager);
		link.on("down", () => this.#doubts++);
		link.on("up", () => this.#healSoon());
		this.#comparing = setInterval(() => this.#healSoon(), COMPARE_MS);
		const heal = () => this.#heal();
		const lanes = this.#delivering;
		this.#subscriptions = this.#consumers.flatMap(consumer => {
			const turn = consumer.duty && new Turn(consumer.duty);
			if (turn) this.#turns.push(turn);
			return durablesOf(consumer).map(
				source => new Subscription({ consumer, ...source, link, lanes, turn, logger, heal })
			);
		});
		await Promise.all(this.#subscriptions.map(subscription => subscription.start()));
	}

	publish(event: SoukEvent): Promise<void> {
		return this.#publishing.run(event.subject, () => this.#send(event));
	}

	async guard(outbox: Outbox): Promise<void> {
		this.#outboxes.push(outbox);
		try {
			await this.#compare(outbox);
		} catch (error) {
			// The connection broke just now. It is compared when it is back.
			this.#options.logger.warn(`What ${outbox.name} has sent could not be compared with the stream yet`, error);
		}
	}

	/** Rejects when the server does not answer. */
	async check(): Promise<void> {
		if (!this.#link) throw new Error("There is no connection to NATS yet");
		await this.#link.check();
	}

	/** Takes no more events; those under way may end. */
	async quiet(): Promise<void> {
		clearInterval(this.#comparing);
		await Promise.all(this.#subscriptions.map(subscription => subscription.stop()));
		await Promise.all(this.#turns.map(turn => turn.end()));
	}

	/** Lets what is under way end, and gives up what waits for the server: the outboxes keep it. */
	async close(): Promise<void> {
		await this.quiet();
		this.#closing.abort();
		await this.#delivering.empty();
		// What is on its way is still answered for, by a server that is there.
		if (this.#link?.up) await this.#publishing.empty();
		await this.#link?.close();
	}

	// Until the server answers for it. A message that was stored and not answered for is known by its id.
	async #send(event: SoukEvent): Promise<void> {
		const subject = subjectOf(event);
		const body = JSON.stringify(event);
		const { signal } = this.#closing;
		const link = this.#link!;
		const losses = this.#losses;
		for (let attempt = 1; ; attempt++) {
			await link.ready(signal);
			try {
				while (this.#doubts > this.#settled) await this.#heal();
				if (this.#losses > losses) throw new EarlierOnesFirst();
				await link.jetstream.publish(subject, body, {
					msgID: event.id,
					timeout: ANSWER_MS,
					expect: { streamName: STREAM }
				});
				return;
			} catch (error) {
				if (error instanceof EarlierOnesFirst) throw error;
				if (attempt % 10 === 3)
					this.#options.logger.warn(`JetStream does not take ${event.type} yet; it is tried again`, error);
				// Nobody listens to the subject: the stream is gone.
				if ((error as { code?: string }).code === "503") this.#doubts++;
				await sleep(backoff(attempt, 50, 5_000), signal);
			}
		}
	}

	#healSoon(): void {
		this.#heal().catch((error: unknown) => {
			if (this.#link?.up && !this.#closing.signal.aborted)
				this.#options.logger.warn("The stream could not be compared with the outboxes; the next time does", error);
		});
	}

	/** Sees to it that there is a stream, and that what the outboxes sent is in it. */
	#heal(): Promise<void> {
		this.#healing ??= this.#provideAndCompare().finally(() => {
			this.#healing = undefined;
		});
		return this.#healing;
	}

	async #provideAndCompare(): Promise<void> {
		const doubts = this.#doubts;
		const stream = await provideStream(this.#link!.manager);
		const cutOff = this.#known !== undefined && isCutOff(this.#known, stream);
		for (const outbox of this.#outboxes) await this.#compare(outbox, cutOff);
		if (cutOff) for (const subscription of this.#subscriptions) subscription.again();
		this.#known = stream;
		this.#settled = doubts;
	}

	// The last event of a service says whether its tail was lost. What was lost before it is seen only by the stream itself.
	async #compare(outbox: Outbox, cutOff = false): Promise<void> {
		const lastOnWire = async () => (cutOff ? undefined : lastSaidBy(this.#link!.manager, outbox.name));
		const again = await outbox.reconcile(lastOnWire);
		if (again === 0) return;
		this.#losses++;
		this.#options.logger.error(`JetStream has lost events of ${outbox.name}; ${again} are sent again`);
	}
}

/** What was lost is sent before what waits: the outbox gives it again, in its place. */
class EarlierOnesFirst extends Error {
	override name = "EarlierOnesFirst";
}
