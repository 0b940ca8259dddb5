import { Transporters } from "moleculer";
import type { NatsConnection } from "nats";
import { sleep } from "./backoff.ts";

/** How long the server may take to have what was sent last. */
const FLUSH_MS = 500;

/** Moleculer's connection to NATS, over which calls go. Moleculer's own waits for a server that is away before it stops. */
export class NatsTransporter extends Transporters.NATS {
	override async disconnect(): Promise<void> {
		const client = this.client as NatsConnection | null;
		if (!client) return;
		await Promise.race([client.flush(), sleep(FLUSH_MS)]).catch(() => undefined);
		await client.close();
		this.client = null;
	}
}
