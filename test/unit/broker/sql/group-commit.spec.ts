import type { SqliteDatabase } from "../../../../broker/sql/sqlite-database.ts";
import type { Tx } from "../../../../broker/sql/sql.ts";
import { Scratch } from "./scratch.ts";

const scratch = new Scratch();
let database: SqliteDatabase;

beforeAll(async () => {
	database = await scratch.database();
});
afterAll(() => scratch.remove());
beforeEach(() =>
	database.write("tables", async tx => {
		await tx.run("DROP TABLE IF EXISTS marks");
		await tx.run("DROP TABLE IF EXISTS wide");
		await tx.run("CREATE TABLE marks (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE)");
		await tx.run("CREATE TABLE wide (a INTEGER NOT NULL, b TEXT, c TEXT)");
	})
);

const mark = (tx: Tx, name: string) => tx.run("INSERT INTO marks (name) VALUES (?)", [name]);
const names = async () =>
	(await database.all<{ name: string }>("SELECT name FROM marks ORDER BY id")).map(({ name }) => name);
const settled = <T>(promises: Promise<T>[]) => Promise.allSettled(promises);
/** Units that are asked for in one turn, so that they share a group. */
const together = (works: ((tx: Tx) => Promise<unknown>)[]) =>
	settled(works.map((work, index) => database.write(`unit ${index}`, work)));

describe("units that wait together", () => {
	it("share one commit, up to 64 of them", async () => {
		const before = scratch.commits();
		await together(Array.from({ length: 64 }, (_, n) => tx => mark(tx, `n${n}`)));
		expect(scratch.commits() - before).toBe(1);
		await together(Array.from({ length: 129 }, (_, n) => tx => mark(tx, `m${n}`)));
		expect(scratch.commits() - before).toBe(4);
		expect(await names()).toHaveLength(193);
	});

	it("take their own commits when each waits for the one before", async () => {
		const before = scratch.commits();
		for (const name of ["a", "b", "c"]) await database.write("single", tx => mark(tx, name));
		expect(scratch.commits() - before).toBe(3);
	});

	it("run in the order they were asked for and see what those before them wrote", async () => {
		const seen = await together(
			Array.from({ length: 100 }, (_, n) => async tx => {
				await mark(tx, `n${n}`);
				return (await tx.get<{ n: number }>("SELECT count(*) AS n FROM marks"))!.n;
			})
		);
		expect(seen.map(result => result.status === "fulfilled" && result.value)).toEqual(
			Array.from({ length: 100 }, (_, n) => n + 1)
		);
		expect(await names()).toEqual(Array.from({ length: 100 }, (_, n) => `n${n}`));
	});

	it("count to a thousand without losing one when all read, add and write back", async () => {
		await database.write("counter", tx => tx.run("INSERT INTO wide (a) VALUES (0)"));
		await Promise.all(
			Array.from({ length: 1_000 }, () =>
				database.write("increment", async tx => {
					const { a } = (await tx.get<{ a: number }>("SELECT a FROM wide"))!;
					await tx.run("UPDATE wide SET a = ?", [a + 1]);
				})
			)
		);
		expect(await database.get("SELECT a FROM wide")).toEqual({ a: 1_000 });
	});
});

describe("a unit that fails", () => {
	it("before its first write leaves its group alone: all of it commits once, and once only is each unit run", async () => {
		const before = scratch.commits();
		let runs = 0;
		const results = await together([
			tx => (runs++, mark(tx, "first")),
			async tx => {
				runs++;
				await tx.get("SELECT 1");
				tx.append("marks", { name: "never" });
				throw new Error("refused");
			},
			tx => (runs++, mark(tx, "last"))
		]);
		expect(results.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
		expect(await names()).toEqual(["first", "last"]);
		expect(runs).toBe(3);
		expect(scratch.commits() - before).toBe(1);
	});

	it("after a write takes back only itself: the others run again and commit, each answered once", async () => {
		const runs = [0, 0, 0];
		const answers: string[] = [];
		const results = await settled(
			["first", "broken", "last"].map((name, n) =>
				database
					.write(name, async tx => {
						runs[n]!++;
						await mark(tx, name);
						if (name === "broken") throw new Error("too late to refuse");
						return name;
					})
					.finally(() => answers.push(name))
			)
		);
		expect(results.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
		// The group ended at the broken one; then each ran by itself.
		expect(runs).toEqual([2, 2, 1]);
		expect(await names()).toEqual(["first", "last"]);
		expect(answers.toSorted()).toEqual(["broken", "first", "last"]);
	});

	it("is refused only for what was committed, not for what another of its group wrote and took back", async () => {
		const taken = async (tx: Tx) => {
			if (await tx.get("SELECT 1 FROM marks WHERE name = 'seat'")) throw new Error("the seat is taken");
			return mark(tx, "seat");
		};
		let tries = 0;
		const results = await together([
			async tx => {
				await taken(tx);
				if (++tries > 1) throw new Error("gave the seat back");
			},
			taken,
			async tx => {
				await mark(tx, "seat");
			}
		]);
		expect(results.map(({ status }) => status)).toEqual(["rejected", "fulfilled", "rejected"]);
		expect(await names()).toEqual(["seat"]);
	});

	it("is told so after the commit that its refusal rests on", async () => {
		const order: string[] = [];
		await Promise.all([
			database.write("writes", tx => mark(tx, "seat")).then(() => order.push("written")),
			database
				.write("refused", async () => {
					throw new Error("no");
				})
				.catch(async () =>
					order.push((await names()).includes("seat") ? "refused, and the seat is there" : "too early")
				)
		]);
		expect(order).toContain("refused, and the seat is there");
	});

	it("because a statement is broken rejects, as a write and as a read, and the writer goes on", async () => {
		await expect(database.write("broken", tx => tx.run("INSERT INTO nowhere VALUES (1)"))).rejects.toThrow("nowhere");
		await expect(database.write("broken", tx => tx.get("SELECT nothing FROM marks"))).rejects.toThrow("nothing");
		await expect(database.get("SELEKT 1")).rejects.toThrow("syntax");
		await database.write("fine", tx => mark(tx, "fine"));
		expect(await names()).toEqual(["fine"]);
	});

	it("fails as a whole when one of its statements did, though its work shrugged that off", async () => {
		const shrugging = database.write("shrugging", async tx => {
			await mark(tx, "kept?");
			await mark(tx, "kept?").catch(() => undefined);
			return "all is well";
		});
		await expect(shrugging).rejects.toThrow("UNIQUE");
		expect(await names()).toEqual([]);
	});

	it("leaves the rows it appended behind with itself", async () => {
		const [failed] = await together([
			async tx => {
				tx.append("marks", { name: "ghost" });
				await mark(tx, "written");
				throw new Error("no");
			},
			tx => mark(tx, "real")
		]);
		expect(failed!.status).toBe("rejected");
		expect(await names()).toEqual(["real"]);
	});
});
