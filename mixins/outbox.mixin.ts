import { isoNow, uuid7 } from "../broker/ids.ts";
import { runtimeOf } from "../broker/runtime.ts";
import { part, type Part } from "../broker/service.ts";
import { Relay } from "../broker/sql/relay.ts";
import type { StoreService } from "./store.mixin.ts";

const DAY = 24 * 60 * 60 * 1000;
/** How long what only guards against repeats is kept. An inbox outlives the outboxes that could send again. */
const KEEP = { published: 7 * DAY, received: 14 * DAY, keys: 7 * DAY };

export type OutboxService = StoreService & { relay: Relay; forgetting: NodeJS.Timeout; forget(): Promise<void> };

/** Events leave in the transaction of the change that they announce, and are delivered until acknowledged. */
export const outbox = (): Part =>
	part<OutboxService>({
		started() {
			const { bus, ready, quieting } = runtimeOf(this.broker);
			const relay = new Relay(this.store.database, bus, this.logger);
			this.relay = relay;
			this.store.wakeRelay = () => relay.wake();
			ready.push(() => relay.start());
			quieting.push(() => relay.stop());
			this.forgetting = setInterval(() => void this.forget(), DAY / 24);
		},
		stopped() {
			clearInterval(this.forgetting);
		},
		methods: {
			/** Deletes what is older than anything that could ask for it, a little at a time. */
			async forget() {
				const { database } = this.store;
				const cutoff = (age: number) => isoNow(-age);
				await database
					.write("housekeeping", async tx => {
						await tx.run(
							"DELETE FROM outbox WHERE seq IN (SELECT seq FROM outbox WHERE published_at < ? ORDER BY seq LIMIT 1000)",
							[cutoff(KEEP.published)]
						);
						// Event ids are UUIDv7: their order is their age.
						await tx.run("DELETE FROM inbox WHERE consumer = ? AND event_id < ?", [
							this.name,
							uuid7(Date.now() - KEEP.received)
						]);
						await tx.run("DELETE FROM idempotency_keys WHERE created_at < ?", [cutoff(KEEP.keys)]);
					})
					.catch((error: unknown) => this.logger.warn("Housekeeping failed; the next hour tries again", error));
			}
		}
	});
