import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { migrate, StoreTooNew } from "../../../../broker/sql/migrate.ts";
import type { Database } from "../../../../broker/sql/sql.ts";
import { Store } from "../../../../broker/sql/store.ts";
import { tablesOf } from "../../../support/stores.ts";
import { notebook, Scratch } from "./scratch.ts";

let scratch: Scratch;
let database: Database;
let folder: string;

beforeEach(async () => {
	scratch = new Scratch();
	folder = join(scratch.folder, "migrations");
	database = await scratch.any("shop");
});
afterEach(() => scratch.remove());

/** A migration file that runs these statements; `then` is code after them. */
function migration(name: string, statements: string[], then = ""): void {
	const file = join(folder, name);
	mkdirSync(join(file, ".."), { recursive: true });
	const runs = statements.map(sql => `await sql.run(${JSON.stringify(sql)});`).join("\n");
	writeFileSync(file, `export const up = async sql => {\n${runs}\n${then}\n};\n`);
}
const tables = async () => (await tablesOf(new Store(database))).filter(name => !name.startsWith("sqlite_")).sort();
const applied = async () =>
	(await database.all<{ name: string }>("SELECT name FROM migrations ORDER BY name")).map(({ name }) => name);

describe("a fresh store", () => {
	it("gets the core's tables first, then the service's own, each file noted", async () => {
		migration("core/0001-a.ts", ["CREATE TABLE one (n INTEGER)"]);
		migration("core/0002-b.ts", ["ALTER TABLE one ADD COLUMN m INTEGER"]);
		migration("shop/0001-c.ts", ["INSERT INTO one (n, m) VALUES (1, 2)", "CREATE TABLE two (n INTEGER)"]);
		migration("other/0001-d.ts", ["CREATE TABLE not_ours (n INTEGER)"]);
		const { logger, lines } = notebook();
		await migrate(database, logger, folder);
		expect(await tables()).toEqual(["migrations", "one", "two"]);
		expect(await database.get("SELECT n, m FROM one")).toEqual({ n: 1, m: 2 });
		expect(await applied()).toEqual(["core/0001-a.ts", "core/0002-b.ts", "shop/0001-c.ts"]);
		expect(lines).toEqual([
			{ level: "info", message: "Migrated shop: core/0001-a.ts, core/0002-b.ts, shop/0001-c.ts" }
		]);
	});

	it("of this project gets every table that the core relies on", async () => {
		await migrate(database, notebook().logger);
		expect(await tables()).toEqual([
			"dead_letters",
			"erased_users",
			"idempotency_keys",
			"inbox",
			"migrations",
			"outbox",
			"saga_steps",
			"sagas",
			"seeds",
			"timers"
		]);
		const core = readdirSync(join(import.meta.dirname, "../../../../data/migrations/core")).sort();
		expect(await applied()).toEqual(core.map(file => `core/${file}`));
	});
});

describe("a store that was migrated before", () => {
	it("is left as it is, and gets only what is new", async () => {
		migration("core/0001-a.ts", ["CREATE TABLE one (n INTEGER)", "INSERT INTO one VALUES (1)"]);
		await migrate(database, notebook().logger, folder);
		const again = notebook();
		await migrate(database, again.logger, folder);
		expect(again.lines).toEqual([]);
		migration("shop/0001-b.ts", ["INSERT INTO one VALUES (2)"]);
		await migrate(database, notebook().logger, folder);
		expect(await database.all("SELECT n FROM one ORDER BY n")).toEqual([{ n: 1 }, { n: 2 }]);
	});

	it("by newer code is refused by name and not touched", async () => {
		migration("core/0001-a.ts", ["CREATE TABLE one (n INTEGER)"]);
		migration("shop/0009-newer.ts", ["CREATE TABLE newer (n INTEGER)"]);
		await migrate(database, notebook().logger, folder);
		rmSync(join(folder, "shop"), { recursive: true });
		migration("core/0002-b.ts", ["CREATE TABLE older_code_wants (n INTEGER)"]);
		const refused = migrate(database, notebook().logger, folder);
		await expect(refused).rejects.toBeInstanceOf(StoreTooNew);
		await expect(refused).rejects.toThrow("shop/0009-newer.ts");
		expect(await tables()).toEqual(["migrations", "newer", "one"]);
	});
});

describe("a rule on the values of a column", () => {
	const states = (...allowed: string[]) => `await sql.allowValues("things", "status", ${JSON.stringify(allowed)});`;
	const put = (status: string) =>
		database.write("spec", tx =>
			tx.get<{ id: number }>("INSERT INTO things (status, name) VALUES (?, 'a (thing)') RETURNING id", [status])
		);
	const migrated = () => migrate(database, notebook().logger, folder);

	it("can be widened; rows, indexes and the ids that were given stay", async () => {
		migration("core/0001-a.ts", [
			`CREATE TABLE things (
				id INTEGER PRIMARY KEY AUTOINCREMENT,
				status TEXT NOT NULL CHECK (status IN ('NEW', 'OLD')),
				name TEXT NOT NULL CHECK (name <> 'nothing')
			)`,
			"CREATE UNIQUE INDEX things_old ON things (name) WHERE status = 'OLD'"
		]);
		await migrated();
		for (const status of ["NEW", "OLD", "NEW"]) await put(status);
		await database.write("spec", tx => tx.run("DELETE FROM things WHERE id = 3"));
		migration("core/0002-b.ts", [], states("NEW", "OLD", "LOST"));
		migration("core/0003-c.ts", [], states("NEW", "OLD", "LOST", "FOUND"));
		await migrated();
		expect(await database.all("SELECT id, status FROM things ORDER BY id")).toEqual([
			{ id: 1, status: "NEW" },
			{ id: 2, status: "OLD" }
		]);
		expect([await put("LOST"), await put("FOUND")]).toEqual([{ id: 4 }, { id: 5 }]);
		await expect(put("GONE")).rejects.toThrow();
		await expect(put("OLD")).rejects.toThrow();
		const rename = database.write("spec", tx => tx.run("UPDATE things SET name = 'nothing'"));
		await expect(rename).rejects.toThrow();
	});

	it("must be there", async () => {
		migration("core/0001-a.ts", ["CREATE TABLE things (id INTEGER PRIMARY KEY, status TEXT)"], states("NEW"));
		await expect(migrated()).rejects.toThrow(/things/);
	});
});

it("a migration that fails leaves nothing half done, and is taken up again once it is mended", async () => {
	migration("core/0001-a.ts", ["CREATE TABLE one (n INTEGER)"]);
	migration(
		"shop/0001-b.ts",
		["CREATE TABLE two (n INTEGER)", "INSERT INTO two VALUES (1)"],
		'throw new Error("broken")'
	);
	await expect(migrate(database, notebook().logger, folder)).rejects.toThrow("broken");
	expect(await tables()).toEqual(["migrations", "one"]);
	expect(await applied()).toEqual(["core/0001-a.ts"]);

	migration("shop/0002-mended.ts", ["CREATE TABLE two (n INTEGER)"]);
	rmSync(join(folder, "shop/0001-b.ts"));
	await migrate(database, notebook().logger, folder);
	expect(await tables()).toEqual(["migrations", "one", "two"]);
});

it("a migration whose statement is broken is told by name", async () => {
	migration("shop/0001-b.ts", ["CREATE TABEL two (n INTEGER)"]);
	await expect(migrate(database, notebook().logger, folder)).rejects.toThrow(/shop\/0001-b\.ts/);
	expect(await applied()).toEqual([]);
});
