import { EventEmitter, once } from "node:events";
import {
	connect,
	Events,
	type ConnectionOptions,
	type JetStreamClient,
	type JetStreamManager,
	type NatsConnection
} from "nats";
import { ConfigurationError } from "../env.ts";
import type { Logger } from "../service.ts";

/** How long a server may be silent before it is taken for dead, and how soon a lost one is looked for, in milliseconds. */
const PING_MS = 5_000;
const RECONNECT_MS = 250;
const ANSWER_MS = 1_000;

/** Connects to NATS and stays connected: what breaks is made again, for ever. */
export class Link {
	readonly nats: NatsConnection;
	readonly jetstream: JetStreamClient;
	readonly manager: JetStreamManager;
	readonly #changes = new EventEmitter();
	#up = true;

	private constructor(nats: NatsConnection, manager: JetStreamManager, logger: Logger) {
		this.nats = nats;
		this.manager = manager;
		this.jetstream = nats.jetstream();
		this.#changes.setMaxListeners(0);
		void this.#watch(logger);
	}

	/** `url` may name several servers, separated by commas, with a user and a password. Waits until one is there. */
	static async open(url: string, name: string, logger: Logger): Promise<Link> {
		const nats = await connect({
			...serversOf(url),
			name,
			waitOnFirstConnect: true,
			maxReconnectAttempts: -1,
			// A password that is being exchanged is wrong for a moment.
			ignoreAuthErrorAbort: true,
			reconnectTimeWait: RECONNECT_MS,
			reconnectJitter: RECONNECT_MS,
			pingInterval: PING_MS
		});
		try {
			return new Link(nats, await nats.jetstreamManager(), logger);
		} catch (error) {
			const { host } = new URL(url.split(",")[0]!);
			await nats.close();
			throw new ConfigurationError(
				`The NATS server at ${host} does not offer JetStream, where events are kept (${String(error)}): start it with -js`
			);
		}
	}

	get up(): boolean {
		return this.#up && !this.nats.isClosed();
	}

	/** Resolves when there is a connection, at once if there is. Rejects when `signal` aborts. */
	async ready(signal: AbortSignal): Promise<void> {
		signal.throwIfAborted();
		if (!this.up) await once(this.#changes, "up", { signal });
	}

	/** What it returns ends the listening. */
	on(change: "up" | "down", listener: () => void): () => void {
		this.#changes.on(change, listener);
		return () => this.#changes.off(change, listener);
	}

	/** Rejects when the server does not answer: that a connection is open says nothing yet. */
	async check(): Promise<void> {
		if (!this.up) throw new Error("There is no connection to NATS");
		let timer: NodeJS.Timeout | undefined;
		const silence = new Promise<never>((_, reject) => {
			timer = setTimeout(() => reject(new Error("NATS does not answer")), ANSWER_MS);
		});
		await Promise.race([this.nats.flush(), silence]).finally(() => clearTimeout(timer));
	}

	async close(): Promise<void> {
		this.#changes.removeAllListeners();
		if (this.up) await this.nats.drain().catch(() => undefined);
		await this.nats.close();
	}

	async #watch(logger: Logger): Promise<void> {
		for await (const { type, data } of this.nats.status()) {
			if (type === Events.Disconnect && this.#up) {
				this.#up = false;
				logger.warn("The connection to NATS is lost; events wait in their outboxes", { server: data });
				this.#changes.emit("down");
			} else if (type === Events.Reconnect) {
				this.#up = true;
				logger.warn("Connected to NATS again", { server: data });
				this.#changes.emit("up");
			}
		}
	}
}

function serversOf(url: string): Pick<ConnectionOptions, "servers" | "user" | "pass" | "inboxPrefix"> {
	const urls = url.split(",").map(one => new URL(one.trim()));
	const [user, pass] = [urls[0]!.username, urls[0]!.password].map(decodeURIComponent) as [string, string];
	const servers = urls.map(({ host }) => host);
	// Answers come to an inbox that only this user may listen to.
	return user ? { servers, user, pass, inboxPrefix: `_INBOX.${user}` } : { servers };
}
