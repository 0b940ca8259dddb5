import type { Sql } from "../sql/sql.ts";
import type { Store } from "../sql/store.ts";

/** What a worker is on duty for as long as it lives. */
export const dutyOf = (worker: string): string => `sagas of ${worker}`;

const HELD = "status IN ('RUNNING', 'COMPENSATING') AND lease_until > 0";

/** The workers that hold sagas, but for one. */
export const othersThan = (sql: Pick<Sql, "all">, worker: string): Promise<{ name: string }[]> =>
	sql.all(`SELECT DISTINCT lease_owner AS name FROM sagas WHERE ${HELD} AND lease_owner <> ?`, [worker]);

/** Frees the sagas of workers that are gone, for one that lives: nobody waits for their leases to run out. */
export async function takeOver(store: Store, living: string): Promise<void> {
	await store.transact({ origin: { unit: "saga:take-over", correlationId: "sweep" } }, async unit => {
		for (const { name } of await othersThan(unit, living))
			if (await store.database.unattended(unit, dutyOf(name)))
				await unit.run(`UPDATE sagas SET lease_until = 0 WHERE ${HELD} AND lease_owner = ?`, [name]);
	});
}
