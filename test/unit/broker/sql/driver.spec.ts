import { type DriverName, sqlite, useSqlite } from "../../../../broker/sql/driver.ts";
import { SqliteConnection } from "../../../../broker/sql/sqlite-connection.ts";
import { Scratch } from "./scratch.ts";

let scratch: Scratch;
let connection: SqliteConnection;

beforeEach(async () => {
	scratch = new Scratch();
	connection = await SqliteConnection.open(scratch.path("driver"));
	await connection.exec("CREATE TABLE marks (id INTEGER PRIMARY KEY, name TEXT UNIQUE, score REAL)");
});
afterEach(async () => {
	await connection.close();
	await scratch.remove();
});

const INSERT = "INSERT INTO marks (name, score) VALUES (?, ?)";

it("is one a process: two libraries on one file would break its locks", async () => {
	const { Database } = await sqlite();
	const names: DriverName[] = ["sqlite3", "node"];
	const refused = names.filter(name => {
		try {
			useSqlite(name);
			return false;
		} catch {
			return true;
		}
	});
	expect(refused).toHaveLength(1);
	expect((await sqlite()).Database).toBe(Database);
});

it("says how many rows were changed, and gives back what was written", async () => {
	expect(await connection.run(INSERT, ["a", 0.5])).toBe(1);
	expect(await connection.run(INSERT, ["b", null])).toBe(1);
	expect(await connection.run("UPDATE marks SET score = 1")).toBe(2);
	expect(await connection.run("UPDATE marks SET score = 2 WHERE id = 9")).toBe(0);
	expect(await connection.all("SELECT * FROM marks ORDER BY id")).toEqual([
		{ id: 1, name: "a", score: 1 },
		{ id: 2, name: "b", score: 1 }
	]);
	expect(await connection.get("UPDATE marks SET name = 'c' WHERE id = ? RETURNING name", [2])).toEqual({ name: "c" });
	expect(await connection.get("SELECT 1 FROM marks WHERE id = 9")).toBeUndefined();
});

it("keeps integers up to the largest safe one, and texts with anything in them", async () => {
	const text = "Größe \u0000 ☂ 'quoted'";
	const row = await connection.get("SELECT ? AS number, ? AS text", [Number.MAX_SAFE_INTEGER, text]);
	expect(row).toEqual({ number: Number.MAX_SAFE_INTEGER, text });
});

it("rejects what SQLite refuses, by the name of its code, and goes on", async () => {
	await connection.run(INSERT, ["a", null]);
	await expect(connection.run(INSERT, ["a", null])).rejects.toMatchObject({
		code: "SQLITE_CONSTRAINT",
		message: expect.stringContaining("UNIQUE constraint failed: marks.name") as string
	});
	await expect(connection.all("SELECT missing FROM marks")).rejects.toThrow("no such column");
	await expect(connection.exec("CREATE TABLE marks (id)")).rejects.toThrow("already exists");
	expect(await connection.get("SELECT count(*) AS n FROM marks")).toEqual({ n: 1 });
});

it("refuses to write where it was opened to read, and to open what is not there", async () => {
	const reader = await SqliteConnection.open(scratch.path("driver"), "readonly");
	await expect(reader.run(INSERT, ["a", null])).rejects.toMatchObject({ code: "SQLITE_READONLY" });
	await reader.close();
	await expect(SqliteConnection.open(scratch.path("nowhere"), "readonly")).rejects.toMatchObject({
		code: "SQLITE_CANTOPEN"
	});
});

it("lets others have their turn while somebody reads without end", async () => {
	let turns = 0;
	const counting = setInterval(() => turns++, 1);
	while (turns < 3) await connection.all("SELECT count(*) FROM marks");
	clearInterval(counting);
	expect(turns).toBeGreaterThanOrEqual(3);
});

it("tells each of many runs of one statement what it changed itself, in the order they were asked for", async () => {
	await connection.exec("INSERT INTO marks (score) VALUES (1), (2), (2), (3), (3), (3)");
	const answered: number[] = [];
	await Promise.all(
		Array.from({ length: 600 }, async (_, at) => {
			const score = (at % 4) + 1;
			const changed = await connection.run("UPDATE marks SET name = NULL WHERE score = ?", [score]);
			answered.push(at);
			expect(changed).toBe(score % 4);
		})
	);
	expect(answered).toEqual(Array.from({ length: 600 }, (_, at) => at));
});
