import { SqliteConnection } from "./sqlite-connection.ts";

/** Another process owns this SQLite file. */
export class StoreOwned extends Error {
	override name = "StoreOwned";
}

/**
 * Makes this process the only owner of a SQLite store: two writers with a group commit each would stall one another, and
 * two relays would send everything twice. The lock is a transaction held open in a file beside the store, so the kernel
 * frees it however the process dies. Throws StoreOwned, which names the owner.
 */
export async function ownStore(file: string): Promise<() => Promise<void>> {
	const lock = await SqliteConnection.open(`${file}.owner`);
	try {
		await lock.exec("PRAGMA busy_timeout=200");
		await lock.exec("CREATE TABLE IF NOT EXISTS owner (pid INTEGER, since TEXT)");
		await lock.exec("BEGIN IMMEDIATE");
		await lock.run("DELETE FROM owner");
		await lock.run("INSERT INTO owner VALUES (?, ?)", [process.pid, new Date().toISOString()]);
		await lock.exec("COMMIT");
		await lock.exec("BEGIN IMMEDIATE");
	} catch (error) {
		const owner = await lock.get<{ pid: number; since: string }>("SELECT pid, since FROM owner").catch(() => undefined);
		await lock.close();
		if (!owner) throw error;
		throw new StoreOwned(`${file} is in use by process ${owner.pid} (since ${owner.since}): stop it first`);
	}
	return async () => {
		await lock.exec("ROLLBACK");
		await lock.close();
	};
}
