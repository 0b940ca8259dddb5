import pg from "pg";
import { connectionTo } from "./postgres-connection.ts";
import { PostgresFault, toldOf } from "./postgres-faults.ts";

const MISSING = "3D000";
/** Another process was faster: seen in its catalogue, or told by it. */
const MADE = ["42P04", "23505"];

/** Makes a database when the server has none of this name. Text is ordered by code points, as SQLite does. */
export async function madeIfMissing(url: string, store: string): Promise<void> {
	try {
		return await withClient(url, store, () => Promise.resolve());
	} catch (error) {
		if (codeOf(error) !== MISSING) throw error;
	}
	const elsewhere = new URL(url);
	const name = decodeURIComponent(elsewhere.pathname.slice(1));
	elsewhere.pathname = "/postgres";
	await withClient(elsewhere.href, store, ask =>
		ask(`CREATE DATABASE ${pg.escapeIdentifier(name)} TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C'`)
	).catch((error: unknown) => {
		if (!MADE.includes(codeOf(error) ?? "")) throw error;
	});
}

/** Holds an advisory lock as long as some work goes on: of the processes of a service, one at a time changes its tables. */
export const oneAtATime = <T>(url: string, store: string, work: () => Promise<T>): Promise<T> =>
	withClient(url, store, async ask => {
		await ask("SELECT pg_advisory_lock(hashtextextended('souk tables', 0))");
		// Given back with the connection, however this process ends.
		return work();
	});

type Ask = (sql: string) => Promise<unknown>;

/** Lends a connection of its own. Throws StoreUnavailable where the server is at fault, and what `use` throws. */
async function withClient<T>(url: string, store: string, use: (ask: Ask) => Promise<T>): Promise<T> {
	// What is done here takes its time, and waits for others who do it.
	const patient = { statement_timeout: 0, lock_timeout: 0, query_timeout: 0 };
	const client = new pg.Client({ ...connectionTo(url, store), ...patient });
	client.on("error", () => undefined);
	const told = (error: unknown): never => {
		throw toldOf(store, new PostgresFault(error));
	};
	try {
		await client.connect().catch(told);
		return await use(sql => client.query(sql).catch(told));
	} finally {
		await client.end();
	}
}

const codeOf = (error: unknown): string | undefined => (error as { code?: string }).code;
