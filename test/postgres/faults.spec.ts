import { StoreUnavailable } from "../../broker/errors.ts";
import { PostgresDatabase } from "../../broker/sql/postgres-database.ts";
import { postgresAdapter } from "../../broker/sql/sequelize.ts";
import { eventually } from "../support/eventually.ts";
import { PostgresServer, query } from "../support/postgres-server.ts";
import { Databases, Wire } from "./support.ts";

const databases = new Databases();
let url: string;
/** The same database, over the wire that has accidents. */
let overWire: string;
let wire: Wire;
let database: PostgresDatabase;

beforeEach(async () => {
	url = databases.fresh();
	const near = await databases.open(url);
	await near.write("tables", tx => tx.run("CREATE TABLE marks (name TEXT NOT NULL)"));
	wire = new Wire(url);
	overWire = await wire.listen();
	database = await databases.open(overWire);
});
afterEach(async () => {
	await databases.remove();
	wire.close();
});

const names = async () => (await query<{ name: string }>(url, "SELECT name FROM marks")).map(({ name }) => name);

/** A unit that counts how often it is done. */
function marking(name: string) {
	const done = { tries: 0, hooks: 0 };
	const write = () =>
		database.write("mark", async tx => {
			done.tries++;
			tx.afterCommit(() => done.hooks++);
			await tx.run("INSERT INTO marks (name) VALUES (?)", [name]);
			return name;
		});
	return { done, write };
}

describe("a commit whose answer is lost", () => {
	it("is known to have happened: the unit is not done again", async () => {
		const { done, write } = marking("committed");
		wire.accident = "answer lost";
		expect(await write()).toBe("committed");
		expect(await names()).toEqual(["committed"]);
		expect(done).toEqual({ tries: 1, hooks: 1 });
	});

	it("is known not to have happened: the unit is done again, and once", async () => {
		const { done, write } = marking("repeated");
		wire.accident = "lost on the way";
		expect(await write()).toBe("repeated");
		expect(await names()).toEqual(["repeated"]);
		expect(done).toEqual({ tries: 2, hooks: 1 });
	});

	it("leaves one effect when the server ends the connection in the middle of it", async () => {
		// The commit sleeps, so that it can be met.
		await query(
			url,
			`CREATE FUNCTION doze() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(0.5); RETURN NULL; END';
			CREATE CONSTRAINT TRIGGER slow AFTER INSERT ON marks DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION doze()`
		);
		const { done, write } = marking("ended");
		const writing = write();
		await eventually(async () => {
			const [ended] = await query<{ n: number }>(
				url,
				"SELECT count(pg_terminate_backend(pid))::int AS n FROM pg_stat_activity WHERE datname = current_database() AND query = 'COMMIT' AND state = 'active'"
			);
			expect(ended!.n).toBe(1);
		});
		expect(await writing).toBe("ended");
		expect(await names()).toEqual(["ended"]);
		expect(done).toEqual({ tries: 2, hooks: 1 });
	});
});

it("a connection that ends before the commit costs a repeat, and no more", async () => {
	let tries = 0;
	await database.write("ended", async tx => {
		await tx.run("INSERT INTO marks (name) VALUES (?)", [`try ${++tries}`]);
		if (tries > 1) return;
		const [{ pid }] = (await tx.all<{ pid: number }>("SELECT pg_backend_pid() AS pid")) as [{ pid: number }];
		await query(url, `SELECT pg_terminate_backend(${pid})`);
		await tx.run("INSERT INTO marks (name) VALUES ('never')");
	});
	expect(await names()).toEqual(["try 2"]);
});

it("connections that ended while nobody used them are noticed by nobody", async () => {
	await Promise.all([1, 2, 3].map(() => database.get("SELECT pg_sleep(0.05)")));
	await query(
		url,
		"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
	);
	expect(await database.get("SELECT 1 AS one")).toEqual({ one: 1 });
	await marking("after").write();
	expect(await names()).toEqual(["after"]);
});

it("a statement that takes too long is not waited for", async () => {
	await expect(database.all("SELECT pg_sleep(60)")).rejects.toBeInstanceOf(StoreUnavailable);
	expect(await database.get("SELECT 1 AS one")).toEqual({ one: 1 });
});

it("whoever finds no connection in time is told to come again", async () => {
	const small = await databases.open(url, 4);
	const crowd = Array.from({ length: 13 }, () => small.get("SELECT pg_sleep(4.9)"));
	const answers = await Promise.allSettled(crowd);
	expect(answers.filter(({ status }) => status === "rejected").length).toBeGreaterThan(0);
	for (const answer of answers)
		if (answer.status === "rejected") expect(answer.reason).toBeInstanceOf(StoreUnavailable);
});

it("a server that is gone is told of, and used again once it is back", async () => {
	const server = await PostgresServer.start();
	try {
		const shop = await PostgresDatabase.open("shop", server.url("shop"));
		await shop.write("tables", tx => tx.run("CREATE TABLE marks (name TEXT NOT NULL)"));
		await server.stop("fast");
		await expect(shop.write("gone", tx => tx.run("INSERT INTO marks VALUES ('gone')"))).rejects.toMatchObject({
			code: 503,
			retryable: true
		});
		await expect(shop.get("SELECT 1 AS one")).rejects.toBeInstanceOf(StoreUnavailable);
		await server.boot();
		await shop.write("back", tx => tx.run("INSERT INTO marks VALUES ('back')"));
		// While a unit is under way the server crashes, and is back before anybody gives up.
		const crashing = shop.write("crashing", async tx => {
			await tx.run("INSERT INTO marks VALUES ('crashing')");
			if (!restarted) await (restarted = server.stop("immediate").then(() => server.boot()));
			return tx.all("SELECT 1 AS one");
		});
		let restarted: Promise<void> | undefined;
		await crashing;
		expect(await shop.all("SELECT name FROM marks")).toEqual([{ name: "back" }, { name: "crashing" }]);
		await shop.close();
		await expect(shop.get("SELECT 1")).rejects.toBeInstanceOf(StoreUnavailable);
	} finally {
		await server.remove();
	}
});

it("who waits for another to change the tables, and loses the server meanwhile, is told that it is away", async () => {
	const changing = Promise.withResolvers<void>();
	const first = database.exclusively(() => changing.promise);
	// It gave its lock back by itself, or never had it: which of the two came first is of no matter here.
	const outcomes = Promise.allSettled([first, database.exclusively(() => changing.promise)]);
	await eventually(async () => {
		const [ended] = await query<{ n: number }>(
			url,
			`SELECT count(pg_terminate_backend(pid))::int AS n FROM pg_stat_activity
			WHERE datname = current_database() AND query LIKE 'SELECT pg_advisory_lock%' AND state = 'active' AND wait_event = 'advisory'`
		);
		expect(ended!.n).toBe(1);
	});
	changing.resolve();
	expect((await outcomes).map(outcome => (outcome.status === "rejected" ? outcome.reason : undefined))).toEqual(
		expect.arrayContaining([undefined, expect.any(StoreUnavailable)])
	);
});

it("a connection for lists that ends while it is set up is told of as the store's", async () => {
	wire.at = "client_min_messages";
	wire.accident = "lost on the way";
	const adapter = postgresAdapter(overWire, "shop");
	await expect(adapter.connect()).rejects.toThrow(StoreUnavailable);
});
