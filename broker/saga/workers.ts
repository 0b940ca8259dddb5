import type { Store } from "../sql/store.ts";

/** What a worker is on duty for as long as it lives. */
export const dutyOf = (worker: string): string => `sagas of ${worker}`;

/** Frees the sagas of workers that are gone, for one that lives: nobody waits for their leases to run out. */
export async function takeOver(store: Store, living: string): Promise<void> {
	const held = "status IN ('RUNNING', 'COMPENSATING') AND lease_until > 0";
	const workers = await store.all<{ name: string }>(
		`SELECT DISTINCT lease_owner AS name FROM sagas WHERE ${held} AND lease_owner <> ?`,
		[living]
	);
	const origin = { unit: "saga:take-over", correlationId: "sweep" };
	for (const { name } of workers)
		await store.transact({ origin }, async unit => {
			if (!(await store.database.unattended(unit, dutyOf(name)))) return;
			await unit.run(`UPDATE sagas SET lease_until = 0 WHERE ${held} AND lease_owner = ?`, [name]);
		});
}
