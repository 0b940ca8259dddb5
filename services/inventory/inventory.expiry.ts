import { sleep } from "../../broker/backoff.ts";
import { isoNow } from "../../broker/ids.ts";
import { runtimeOf } from "../../broker/runtime.ts";
import { part, type Part } from "../../broker/service.ts";
import type { StoreService } from "../../mixins/store.mixin.ts";
import { expire } from "./reservations.store.ts";

const EVERY_MS = 1_000;
const BATCH = 200;

export type ExpiringService = StoreService & {
	/** Ends the holds whose time is over, a batch at most, and resolves to how many were due. */
	expireOverdue(): Promise<number>;
};

/** Gives back what orders have held for too long, as long as the process runs. */
export const expiry = (): Part =>
	part<ExpiringService>({
		started() {
			const { ready, quieting } = runtimeOf(this.broker);
			const stopping = new AbortController();
			let sweeping: Promise<void> | undefined;
			ready.push(() => {
				sweeping = sweep(this, stopping.signal);
			});
			quieting.push(() => {
				stopping.abort();
				return sweeping;
			});
		},
		methods: {
			async expireOverdue() {
				const due = await this.store.all<{ order_id: number; correlation_id: string }>(
					`SELECT order_id, correlation_id FROM reservations
					WHERE status = 'HELD' AND expires_at <= ? ORDER BY expires_at LIMIT ${BATCH}`,
					[isoNow()]
				);
				// A unit each: they share their commits with whatever else is written, and one that fails fails alone.
				await Promise.all(
					due.map(({ order_id, correlation_id }) => {
						const origin = { unit: "inventory/expire", correlationId: correlation_id };
						return this.store.transact({ origin }, unit => expire(unit, order_id));
					})
				);
				return due.length;
			}
		}
	});

async function sweep(inventory: ExpiringService, stopping: AbortSignal): Promise<void> {
	while (!stopping.aborted) {
		const due = await inventory.expireOverdue().catch((error: unknown) => {
			inventory.logger.warn("Overdue reservations could not be ended; the next sweep tries again", error);
			return 0;
		});
		// Aborting ends the pause.
		if (due < BATCH) await sleep(EVERY_MS, stopping).catch(() => undefined);
	}
}
