import { Alarm } from "../../broker/alarm.ts";
import { isoNow } from "../../broker/ids.ts";
import { runtimeOf } from "../../broker/runtime.ts";
import { part, type Part } from "../../broker/service.ts";
import type { StoreService } from "../../mixins/store.mixin.ts";
import { expire } from "./reservations.store.ts";

const BATCH = 200;

export type ExpiringService = StoreService & {
	/** Ends the holds whose time is over, a batch at most, and resolves to how many were due. */
	expireOverdue(): Promise<number>;
};

/** Gives back what orders have held for too long. No timer for each: the reservation itself says when (decision 15). */
export const expiry = (): Part =>
	part<ExpiringService>({
		started() {
			const { ready, quieting } = runtimeOf(this.broker);
			const { store, logger } = this;
			const ring = async () => {
				await this.expireOverdue();
				const next = await store.get<{ at: string | null }>(
					"SELECT min(expires_at) AS at FROM reservations WHERE status = 'HELD'"
				);
				return next?.at ? Date.parse(next.at) : undefined;
			};
			const alarm = new Alarm({ database: store.database, task: "expiry", logger, ring });
			ready.push(() => alarm.start());
			quieting.push(() => alarm.stop());
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
