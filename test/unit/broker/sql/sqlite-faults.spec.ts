import type sqlite3 from "sqlite3";
import { StoreUnavailable } from "../../../../broker/errors.ts";
import { sqlite } from "../../../../broker/sql/driver.ts";
import type { Tx } from "../../../../broker/sql/sql.ts";
import type { SqliteDatabase } from "../../../../broker/sql/sqlite-database.ts";
import { Scratch } from "./scratch.ts";

let scratch: Scratch;
let database: SqliteDatabase;

beforeEach(async () => {
	scratch = new Scratch();
	database = await scratch.database();
	await database.write("tables", tx => tx.run("CREATE TABLE marks (id INTEGER PRIMARY KEY, name TEXT)"));
});
afterEach(() => scratch.remove());

const mark = (tx: Tx, name: string) => tx.run("INSERT INTO marks (name) VALUES (?)", [name]);
const count = async () => (await database.get<{ n: number }>("SELECT count(*) AS n FROM marks"))!.n;
const pragma = (what: string) => database.write("pragma", tx => tx.get(`PRAGMA ${what}`));

/** Another connection, as a stranger to the store would open one. */
async function stranger(): Promise<{ exec(sql: string): Promise<void>; close(): Promise<void> }> {
	const { Database, OPEN_READWRITE } = await sqlite();
	const db = await new Promise<sqlite3.Database>((resolve, reject) => {
		const opening: sqlite3.Database = new Database(scratch.path("scratch"), OPEN_READWRITE, error =>
			error ? reject(error) : resolve(opening)
		);
	});
	const asPromise = (ask: (done: (error: Error | null) => void) => void) =>
		new Promise<void>((resolve, reject) => ask(error => (error ? reject(error) : resolve())));
	return { exec: sql => asPromise(done => db.exec(sql, done)), close: () => asPromise(done => db.close(done)) };
}

describe("a store that is locked by somebody else", () => {
	it("answers all who wait that it is unavailable, and works again when it is free", async () => {
		await pragma("busy_timeout=20");
		const other = await stranger();
		await other.exec("BEGIN IMMEDIATE");
		const results = await Promise.allSettled(["a", "b"].map(name => database.write(name, tx => mark(tx, name))));
		for (const result of results)
			expect(result).toMatchObject({
				status: "rejected",
				reason: {
					name: "StoreUnavailable",
					code: 503,
					retryable: true,
					data: { store: "scratch", cause: "SQLITE_BUSY" }
				}
			});
		await other.exec("ROLLBACK");
		await other.close();
		await database.write("again", tx => mark(tx, "again"));
		expect(await count()).toBe(1);
	});
});

describe("a disk that is full", () => {
	it("is a store that is unavailable, keeps nothing of the unit, and works again when there is room", async () => {
		const { page_count: pages } = (await database.get<{ page_count: number }>("PRAGMA page_count"))!;
		await pragma(`max_page_count=${pages + 2}`);
		const fill = async (tx: Tx) => {
			await mark(tx, "small");
			for (let n = 0; n < 20; n++) await mark(tx, "x".repeat(4_000));
		};
		const [big, small] = await Promise.allSettled([
			database.write("big", fill),
			database.write("small", tx => mark(tx, "fits"))
		]);
		expect(big).toMatchObject({
			status: "rejected",
			reason: { name: "StoreUnavailable", data: { cause: "SQLITE_FULL" } }
		});
		expect(small.status).toBe("fulfilled");
		expect(await count()).toBe(1);

		await pragma("max_page_count=10000");
		await database.write("big", fill);
		expect(await count()).toBe(22);
	});

	it("cannot be shrugged off by the work of a unit: nothing of it is kept", async () => {
		const { page_count: pages } = (await database.get<{ page_count: number }>("PRAGMA page_count"))!;
		await pragma(`max_page_count=${pages + 2}`);
		const stubborn = database.write("stubborn", async tx => {
			await mark(tx, "first");
			for (let n = 0; n < 20; n++) await mark(tx, "x".repeat(4_000)).catch(() => undefined);
			await mark(tx, "last");
		});
		await expect(stubborn).rejects.toBeInstanceOf(StoreUnavailable);
		expect(await count()).toBe(0);
	});
});

describe("closing", () => {
	it("waits for the units that were asked for, and refuses those that come later", async () => {
		const units = Array.from({ length: 200 }, (_, n) => database.write(`unit ${n}`, tx => mark(tx, `n${n}`)));
		const closing = scratch.close(database);
		await expect(database.write("late", tx => mark(tx, "late"))).rejects.toBeInstanceOf(StoreUnavailable);
		await Promise.all(units);
		await closing;
		await expect(database.get("SELECT 1")).rejects.toBeInstanceOf(StoreUnavailable);

		database = await scratch.database();
		expect(await count()).toBe(200);
	});

	it("answers the reads that were asked for, also those whose statement is new", async () => {
		await database.get("SELECT 0");
		const reads = Promise.all(
			["SELECT 0 AS n", "SELECT 1 AS n", "SELECT 1 AS n", "SELECT 2 AS n"].map(sql => database.get(sql))
		);
		await scratch.close(database);
		expect(await reads).toEqual([{ n: 0 }, { n: 1 }, { n: 1 }, { n: 2 }]);
	});
});

it("is as durable as SQLite can make it, on every connection", async () => {
	const settings = (names: string[], ask: (sql: string) => Promise<object | undefined>) =>
		Promise.all(names.map(async name => Object.values((await ask(`PRAGMA ${name}`)) ?? {})[0]));
	const written = await database.write("pragmas", tx =>
		settings(["journal_mode", "synchronous", "busy_timeout", "foreign_keys"], sql => tx.get(sql))
	);
	expect(written).toEqual(["wal", 2, 5_000, 1]);
	expect(await settings(["journal_mode", "busy_timeout"], sql => database.get(sql))).toEqual(["wal", 5_000]);
});
