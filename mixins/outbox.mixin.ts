import { isoNow, uuid7 } from "../broker/ids.ts";
import { runtimeOf } from "../broker/runtime.ts";
import { part, type Part } from "../broker/service.ts";
import { Relay } from "../broker/sql/relay.ts";
import { SentEvents } from "../broker/sql/sent.ts";
import type { Database, Value } from "../broker/sql/sql.ts";
import type { StoreService } from "./store.mixin.ts";

const DAY = 24 * 60 * 60 * 1000;
/** How long what only guards against repeats is kept. An inbox outlives the outboxes that could send again. */
const KEEP = { published: 7 * DAY, received: 14 * DAY, keys: 7 * DAY };

const BATCH = 1_000;

export type OutboxService = StoreService & { relay: Relay; forgetting: NodeJS.Timeout; forget(): Promise<void> };

/** Events leave in the transaction of the change that they announce, and are delivered until acknowledged. */
export const outbox = (): Part =>
	part<OutboxService>({
		started() {
			const { bus, ready, quieting } = runtimeOf(this.broker);
			const relay = new Relay(this.store.database, bus, this.logger);
			this.relay = relay;
			this.store.wakeRelay = () => relay.wake();
			ready.push(async () => {
				await bus.guard?.(new SentEvents(this.store.database, relay));
				relay.start();
			});
			quieting.push(() => relay.stop());
			this.forgetting = setInterval(() => void this.forget(), DAY / 24);
		},
		stopped() {
			clearInterval(this.forgetting);
		},
		methods: {
			/** Deletes what is older than anything that could ask for it, a little at a time: nobody waits long for the writer. */
			async forget() {
				const { database } = this.store;
				// Events have UUIDv7 for ids: the order of the ids is their age, and ids are indexed.
				const before = (age: number) => uuid7(Date.now() - age);
				try {
					await sweepAway(
						database,
						"DELETE FROM outbox WHERE seq IN (SELECT seq FROM outbox WHERE id < ? AND published_at < ? LIMIT ?)",
						[before(KEEP.published), isoNow(-KEEP.published)]
					);
					await sweepAway(
						database,
						`DELETE FROM inbox WHERE consumer = ? AND event_id IN
							(SELECT event_id FROM inbox WHERE consumer = ? AND event_id < ? LIMIT ?)`,
						[this.name, this.name, before(KEEP.received)]
					);
					await sweepAway(
						database,
						`DELETE FROM idempotency_keys WHERE (scope, key) IN
							(SELECT scope, key FROM idempotency_keys WHERE created_at < ? LIMIT ?)`,
						[isoNow(-KEEP.keys)]
					);
				} catch (error) {
					this.logger.warn("Housekeeping failed; the next hour tries again", error);
				}
			}
		}
	});

/** Runs a deletion of at most so many rows, its last value, until it finds fewer. */
async function sweepAway(database: Database, sql: string, values: Value[]): Promise<void> {
	let deleted: number;
	do {
		deleted = await database.write("housekeeping", tx => tx.run(sql, [...values, BATCH]));
	} while (deleted === BATCH);
}
