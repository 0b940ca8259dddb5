import { Transporters } from "moleculer";
import { createInbox, Events, type Msg, type NatsConnection } from "nats";
import { sleep } from "./backoff.ts";

/** How long the server may take to have what was sent last. */
const FLUSH_MS = 500;
/** The status of an answer that the server itself gives: nobody listens to this subject. */
const NO_RESPONDERS = 503;
/** How often those who owe an answer are asked whether they are there, in milliseconds. */
const ASK_MS = 1_000;
/** For so long after a loss, in milliseconds, calls run out of time that were made before it. */
const UNSTEADY_MS = 10_000;

/**
 * Moleculer's connection to NATS, over which calls go. Moleculer's own waits for a server that is away before it stops, and
 * for ten seconds until it takes a silent process for dead: meanwhile every second call to one of two would run out of time.
 * The server knows at once whose connection is gone, and says so to whoever gives a subject to answer to.
 */
export class NatsTransporter extends Transporters.NATS {
	#inbox = "";
	/** When the connection was last lost, or came back. */
	#changedAt = -Infinity;
	#up = true;
	#asking: NodeJS.Timeout | undefined;

	override async connect(): Promise<void> {
		await super.connect();
		const { user } = this.opts as { user?: string };
		// What the server says comes to an inbox that only this user may listen to.
		this.#inbox = createInbox(user && `_INBOX.${user}`);
		this.#client!.subscribe(`${this.#inbox}.>`, {
			callback: (error, message) => {
				if (!error) this.#hear(message);
			}
		});
		void this.#watch();
		clearInterval(this.#asking);
		this.#asking = setInterval(() => this.#ask(), ASK_MS).unref();
	}

	/** Whether it is lost, or was just now: that a process did not answer says nothing of the process then. */
	get unsteady(): boolean {
		return !this.#up || performance.now() - this.#changedAt < UNSTEADY_MS;
	}

	override send(topic: string, data: Buffer): Promise<void> {
		const process = this.#inbox && addressed(topic);
		if (!process) return super.send(topic, data) as Promise<void>;
		this.#client?.publish(topic, data, { reply: `${this.#inbox}.${process}` });
		return Promise.resolve();
	}

	override async disconnect(): Promise<void> {
		clearInterval(this.#asking);
		const client = this.#client;
		if (!client) return;
		await Promise.race([client.flush(), sleep(FLUSH_MS)]).catch(() => undefined);
		await client.close();
		this.client = null;
	}

	get #client(): NatsConnection | null {
		return this.client as NatsConnection | null;
	}

	async #watch(): Promise<void> {
		for await (const { type } of this.#client!.status()) {
			if (type !== Events.Disconnect && type !== Events.Reconnect) continue;
			this.#up = type === Events.Reconnect;
			this.#changedAt = performance.now();
		}
	}

	// A call that had arrived when its process died is told of by no later one, if there is none. After an outage of the server
	// its clients come back one by one, with the answers they owe: then who is not there yet is not gone.
	#ask(): void {
		if (this.unsteady) return;
		const { pendingRequests } = this.transit as unknown as { pendingRequests: Map<string, { nodeID: string }> };
		for (const nodeID of new Set([...pendingRequests.values()].map(({ nodeID }) => nodeID)))
			void this.transit.sendPing(nodeID);
	}

	// What it was asked is rejected at once. If it was only cut off, its next heartbeat brings it back.
	#hear({ subject, headers }: Msg): void {
		if (headers?.code === NO_RESPONDERS)
			this.broker.registry.nodes.disconnected(subject.slice(this.#inbox.length + 1), true);
	}
}

/** The process that a request or a ping goes to; a service's name and a dot may stand before its own. */
const addressed = (topic: string): string | undefined => /^MOL(?:-[^.]+)?\.(?:REQ|PING)\.(.+)$/.exec(topic)?.[1];
