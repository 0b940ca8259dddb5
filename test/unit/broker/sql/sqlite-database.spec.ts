import { AsyncLocalStorage } from "node:async_hooks";
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

describe("what was asked", () => {
	it("is counted: every statement, and one commit for all units that shared it", async () => {
		const since =
			({ statements, commits } = database.asked) =>
			() => ({
				statements: database.asked.statements - statements,
				commits: database.asked.commits - commits
			});
		let asked = since();
		await together([tx => mark(tx, "a"), tx => mark(tx, "b"), tx => Promise.resolve(tx.append("wide", { a: 1 }))]);
		expect(asked()).toEqual({ statements: 5, commits: 1 });
		asked = since();
		await names();
		expect(asked()).toEqual({ statements: 1, commits: 0 });
		asked = since();
		await together([tx => mark(tx, "a")]);
		expect(asked()).toEqual({ statements: 3, commits: 0 });
	});
});

describe("appended rows", () => {
	it("of several tables and widths are all written, in order within their table", async () => {
		const counts = [1, 2, 3, 31, 32, 33, 100];
		await together(
			counts.map((count, unit) => async tx => {
				for (let n = 0; n < count; n++) {
					tx.append("marks", { name: `${unit}-${n}` });
					if (n % 2 === 0) tx.append("wide", { a: n, b: "b", c: null });
					else tx.append("wide", { a: n });
				}
			})
		);
		expect(await names()).toEqual(
			counts.flatMap((count, unit) => Array.from({ length: count }, (_, n) => `${unit}-${n}`))
		);
		const even = await database.all<{ a: number; b: string | null }>("SELECT a, b FROM wide WHERE a % 2 = 0");
		const odd = await database.all<{ a: number; b: string | null }>("SELECT a, b FROM wide WHERE a % 2 = 1");
		expect(even.map(({ a }) => a)).toEqual(
			counts.flatMap(count => Array.from({ length: Math.ceil(count / 2) }, (_, n) => 2 * n))
		);
		expect(even.every(({ b }) => b === "b")).toBe(true);
		expect(odd).toHaveLength(counts.reduce((sum, count) => sum + Math.floor(count / 2), 0));
	});

	it("that break a constraint fail the unit that appended them, and no other", async () => {
		const results = await together([
			tx => mark(tx, "mine"),
			tx => Promise.resolve(tx.append("marks", { name: "mine" })),
			tx => Promise.resolve(tx.append("marks", { name: "yours" }))
		]);
		expect(results.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
		expect(await names()).toEqual(["mine", "yours"]);
	});
});

describe("reads", () => {
	it("see a commit as soon as it is answered, and never an older state than one seen before", async () => {
		await database.write("counter", tx => tx.run("INSERT INTO wide (a) VALUES (0)"));
		let newest = 0;
		const reading = (async () => {
			let last = 0;
			while (last < 300) {
				const known = Math.max(last, newest);
				const { a } = (await database.get<{ a: number }>("SELECT a FROM wide"))!;
				expect(a).toBeGreaterThanOrEqual(known);
				last = a;
			}
		})();
		for (let n = 1; n <= 300; n++) {
			await database.write("count", tx => tx.run("UPDATE wide SET a = ?", [n]));
			newest = n;
			expect(await database.get("SELECT a FROM wide")).toEqual({ a: n });
		}
		await reading;
	});

	it("do not see what is not committed yet", async () => {
		let during: string[] | undefined;
		await database.write("slow", async tx => {
			await mark(tx, "soon");
			during = await names();
		});
		expect(during).toEqual([]);
	});

	it("cannot write", async () => {
		await expect(database.all("INSERT INTO marks (name) VALUES ('x') RETURNING id")).rejects.toMatchObject({
			code: 503,
			data: { cause: "SQLITE_READONLY" }
		});
		expect(() => database.run()).toThrow("write()");
	});
});

describe("hooks after the commit", () => {
	it("run once, when what they announce can be read, and not for a unit that failed", async () => {
		const calls: string[] = [];
		await together([
			async tx => {
				tx.afterCommit(() => calls.push("good"));
				await mark(tx, "good");
			},
			async tx => {
				tx.afterCommit(() => calls.push("bad"));
				await mark(tx, "bad");
				throw new Error("no");
			}
		]);
		expect(calls).toEqual(["good"]);
	});

	it("run in the context of who asked for the unit", async () => {
		const request = new AsyncLocalStorage<string>();
		const heard: (string | undefined)[] = [];
		await Promise.all(
			["one", "two"].map(name =>
				request.run(name, () =>
					database.write(name, async tx => {
						await mark(tx, name);
						heard.push(request.getStore());
						tx.afterCommit(() => heard.push(`after ${request.getStore()}`));
					})
				)
			)
		);
		expect(heard).toEqual(["one", "two", "after one", "after two"]);
	});

	it("that throw harm nobody", async () => {
		const warned = jest.spyOn(process, "emitWarning").mockReturnValue(undefined);
		await database.write("hooked", async tx => {
			tx.afterCommit(() => {
				throw new Error("a broken hook");
			});
			await mark(tx, "kept");
		});
		await database.write("later", tx => mark(tx, "later"));
		expect(await names()).toEqual(["kept", "later"]);
		expect(warned).toHaveBeenCalledWith(expect.stringContaining("a broken hook"));
		warned.mockRestore();
	});
});

it("waits for a statement that its work did not wait for", async () => {
	await database.write("hasty", async tx => {
		void mark(tx, "hasty");
	});
	expect(await names()).toEqual(["hasty"]);
});

it("refuses a unit that is used after its end", async () => {
	let leaked: Tx | undefined;
	await database.write("leaking", async tx => {
		leaked = tx;
		await mark(tx, "in time");
	});
	await expect(mark(leaked!, "late")).rejects.toThrow("after its end");
	expect(() => leaked!.append("marks", { name: "late" })).toThrow("after its end");
	expect(() => leaked!.afterCommit(() => undefined)).toThrow("after its end");
	expect(await names()).toEqual(["in time"]);
});
