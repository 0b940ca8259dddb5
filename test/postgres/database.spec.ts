import { AsyncLocalStorage } from "node:async_hooks";
import { Refusal } from "../../broker/errors.ts";
import { migrate } from "../../broker/sql/migrate.ts";
import type { PostgresDatabase } from "../../broker/sql/postgres-database.ts";
import type { Logger } from "../../broker/service.ts";
import type { Tx } from "../../broker/sql/sql.ts";
import { Databases } from "./support.ts";

const databases = new Databases();
let one: PostgresDatabase;
let two: PostgresDatabase;

beforeEach(async () => {
	const url = databases.fresh();
	[one, two] = [await databases.open(url), await databases.open(url)];
	await one.write("tables", async tx => {
		await tx.run("CREATE TABLE shelf (id BIGINT PRIMARY KEY, units BIGINT NOT NULL CHECK (units >= 0))");
		await tx.run("CREATE TABLE marks (id BIGINT PRIMARY KEY GENERATED ALWAYS AS IDENTITY, name TEXT NOT NULL UNIQUE)");
		await tx.run("INSERT INTO shelf (id, units) VALUES (1, 10)");
	});
});
afterEach(() => databases.remove());

const units = async () => (await two.get<{ units: number }>("SELECT units FROM shelf WHERE id = 1"))!.units;
const names = async () =>
	(await two.all<{ name: string }>("SELECT name FROM marks ORDER BY id")).map(({ name }) => name);
const half = (index: number) => (index % 2 ? one : two);
const many = <T>(count: number, unit: (index: number) => Promise<T>) =>
	Promise.all(Array.from({ length: count }, (_, index) => unit(index)));

class SoldOut extends Refusal {
	constructor() {
		super("Sold out", 409, "SOLD_OUT");
	}
}

describe("two processes on one database", () => {
	it("sell what there is and no more, by a conditional update", async () => {
		const sold = await many(40, index =>
			half(index).write("sell", tx =>
				tx.run("UPDATE shelf SET units = units - ? WHERE id = ? AND units >= ?", [1, 1, 1])
			)
		);
		expect(sold.reduce((sum, count) => sum + count, 0)).toBe(10);
		expect(await units()).toBe(0);
	});

	it("lose no write that rests on a read: whoever was overtaken reads again", async () => {
		let tries = 0;
		await many(60, index =>
			half(index).write("count", async tx => {
				tries++;
				const row = await tx.get<{ units: number }>("SELECT units FROM shelf WHERE id = ?", [1]);
				await tx.run("UPDATE shelf SET units = ? WHERE id = ?", [row!.units + 1, 1]);
			})
		);
		expect(await units()).toBe(70);
		expect(tries).toBeGreaterThan(60);
	});

	it("do little in vain where all want the same row", async () => {
		let tries = 0;
		await many(100, () =>
			one.write("count", async tx => {
				tries++;
				await tx.get("SELECT units FROM shelf WHERE id = ?", [1]);
				await tx.run("UPDATE shelf SET units = units + 1 WHERE id = ?", [1]);
			})
		);
		expect(await units()).toBe(110);
		expect(tries).toBeLessThan(150);
	});

	it("write once what may be there once: the second finds it", async () => {
		const answers = await many(20, index =>
			half(index).write("once", async tx => {
				if (await tx.get("SELECT 1 AS there FROM marks WHERE name = ?", ["only"])) return "known";
				await tx.run("INSERT INTO marks (name) VALUES (?)", ["only"]);
				return "written";
			})
		);
		expect(answers.filter(answer => answer === "written")).toHaveLength(1);
		expect(await names()).toEqual(["only"]);
	});

	it("end a deadlock by running one of the two again", async () => {
		await one.write("second shelf", tx => tx.run("INSERT INTO shelf (id, units) VALUES (2, 10)"));
		const both = Promise.withResolvers<void>();
		let begun = 0;
		const move = (database: PostgresDatabase, from: number, to: number) =>
			database.write("move", async tx => {
				await tx.run("UPDATE shelf SET units = units - 1 WHERE id = ?", [from]);
				if (++begun === 2) both.resolve();
				await both.promise;
				await tx.run("UPDATE shelf SET units = units + 1 WHERE id = ?", [to]);
			});
		await Promise.all([move(one, 1, 2), move(two, 2, 1)]);
		expect(await two.all("SELECT units FROM shelf ORDER BY id")).toEqual([{ units: 10 }, { units: 10 }]);
		expect(begun).toBe(3);
	});

	it("read without writing", async () => {
		await expect(one.all("INSERT INTO marks (name) VALUES ('x') RETURNING id")).rejects.toThrow("write()");
		expect(() => one.run()).toThrow("write()");
		expect(await names()).toEqual([]);
	});

	it("see what the other was answered for", async () => {
		for (let n = 1; n <= 50; n++) {
			await half(n).write("count", tx => tx.run("UPDATE shelf SET units = ? WHERE id = 1", [n]));
			expect((await half(n + 1).get<{ units: number }>("SELECT units FROM shelf WHERE id = 1"))!.units).toBe(n);
		}
	});

	it("migrate it together, and each step is taken once", async () => {
		const steps: string[] = [];
		const logger = { info: (line: string) => steps.push(line) } as unknown as Logger;
		const fresh = databases.fresh();
		const processes = await many(4, () => databases.open(fresh));
		await Promise.all(processes.map(database => migrate(database, logger)));
		expect(steps).toHaveLength(1);
	});
});

describe("a unit", () => {
	it("that refuses changes nothing, and its refusal is not tried again", async () => {
		let tries = 0;
		const refused = one.write("refuse", async tx => {
			tries++;
			tx.append("marks", { name: "appended" });
			await tx.run("INSERT INTO marks (name) VALUES ('written')");
			throw new SoldOut();
		});
		await expect(refused).rejects.toBeInstanceOf(SoldOut);
		expect(tries).toBe(1);
		expect(await names()).toEqual([]);
	});

	it("writes what it appended with its commit, in order", async () => {
		await one.write("append", tx => {
			for (let n = 0; n < 100; n++) tx.append("marks", { name: `${n}` });
			return Promise.resolve();
		});
		expect(await names()).toEqual(Array.from({ length: 100 }, (_, n) => `${n}`));
	});

	it("is undone whole where one of the rows that it appended is refused", async () => {
		await one.write("first", tx => tx.run("INSERT INTO marks (name) VALUES ('taken')"));
		const failed = one.write("append", async tx => {
			await tx.run("UPDATE shelf SET units = 3 WHERE id = 1");
			for (const name of ["before", "taken", "after"]) tx.append("marks", { name });
			tx.append("shelf", { id: 2, units: 1 });
		});
		await expect(failed).rejects.toMatchObject({ code: "23505" });
		expect(await names()).toEqual(["taken"]);
		expect(await one.all("SELECT id, units FROM shelf")).toEqual([{ id: 1, units: 10 }]);
		// Its connection, and the statements that it never got to, are of use to the next.
		await one.write("again", tx => {
			tx.append("marks", { name: "free" });
			tx.append("shelf", { id: 2, units: 1 });
			return Promise.resolve();
		});
		expect(await names()).toEqual(["taken", "free"]);
	});

	it("fails with its statement, whatever its work made of that", async () => {
		const failed = one.write("careless", async tx => {
			await tx.run("INSERT INTO shelf (id, units) VALUES (2, -1)").catch(() => undefined);
			await tx.run("INSERT INTO marks (name) VALUES ('after')").catch(() => undefined);
		});
		await expect(failed).rejects.toMatchObject({ code: "23514" });
		expect(await names()).toEqual([]);
	});

	it("waits for its statements, and is of no use after its end", async () => {
		let leaked: Tx | undefined;
		await one.write("hasty", tx => {
			leaked = tx;
			void tx.run("INSERT INTO marks (name) VALUES ('hasty')");
			return Promise.resolve();
		});
		expect(await names()).toEqual(["hasty"]);
		await expect(leaked!.run("INSERT INTO marks (name) VALUES ('late')")).rejects.toThrow("after its end");
		expect(() => leaked!.append("marks", { name: "late" })).toThrow("after its end");
	});

	it("runs its hooks once, in the context of who asked for it, when what they announce can be read", async () => {
		const request = new AsyncLocalStorage<string>();
		const heard: string[] = [];
		const seen: Promise<string[]>[] = [];
		await request.run("mine", () =>
			one.write("hooked", async tx => {
				await tx.run("INSERT INTO marks (name) VALUES ('hooked')");
				tx.afterCommit(() => {
					heard.push(request.getStore()!);
					seen.push(names());
				});
			})
		);
		expect(heard).toEqual(["mine"]);
		expect(await Promise.all(seen)).toEqual([["hooked"]]);
	});
});

describe("values", () => {
	it("come back as they went: numbers beyond 32 bits, text with question marks, nothing", async () => {
		await one.write("values", async tx => {
			await tx.run("INSERT INTO shelf (id, units) VALUES (?, ?)", [2, 1_000_000_000_000]);
			await tx.run("INSERT INTO marks (name) VALUES ('why?'), (?)", ["“?” & \\ '"]);
		});
		expect(await one.get("SELECT sum(units) AS units, count(*) AS n FROM shelf")).toEqual({
			units: 1_000_000_000_010,
			n: 2
		});
		expect(await names()).toEqual(["why?", "“?” & \\ '"]);
		expect(await one.get("SELECT units FROM shelf WHERE id = ?", [3])).toBeUndefined();
	});

	it("are ordered by their code points", async () => {
		await one.write("names", tx => tx.run("INSERT INTO marks (name) VALUES ('b'), ('B'), ('a b'), ('ab'), ('é')"));
		const sorted = await one.all<{ name: string }>("SELECT name FROM marks ORDER BY name");
		expect(sorted.map(({ name }) => name)).toEqual(["B", "a b", "ab", "b", "é"]);
	});
});
