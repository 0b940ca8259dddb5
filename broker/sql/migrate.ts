import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Logger } from "../service.ts";
import { Umzug } from "umzug";
import { isoNow } from "../ids.ts";
import type { Database, Sql } from "./sql.ts";

/** What a migration file exports: statements that move a store one step forward, run in one transaction. */
export interface Migration {
	up(sql: Sql): Promise<void>;
}

const FOLDER = join(import.meta.dirname, "../../data/migrations");

/** The store was written by newer code than this. */
export class StoreTooNew extends Error {
	override name = "StoreTooNew";
}

/** Brings a store to the version of this code: the core's tables first, then the service's own. Forward only. */
export async function migrate(database: Database, logger: Logger, folder = FOLDER): Promise<void> {
	await database.write("migrations", tx =>
		tx.run("CREATE TABLE IF NOT EXISTS migrations (name TEXT PRIMARY KEY, applied_at TEXT NOT NULL)")
	);
	const names = [...(await filesIn(folder, "core")), ...(await filesIn(folder, database.name))];
	const applied = await database.all<{ name: string }>("SELECT name FROM migrations");
	const unknown = applied.filter(({ name }) => !names.includes(name));
	if (unknown.length > 0)
		throw new StoreTooNew(
			`The store of ${database.name} has migrations this code does not know: ${unknown.map(({ name }) => name).join(", ")}`
		);
	const umzug = new Umzug({
		migrations: names.map(name => ({ name, up: () => apply(database, folder, name) })),
		storage: {
			executed: () => Promise.resolve(applied.map(({ name }) => name)),
			// The row is written by apply(), in the transaction of the migration itself.
			logMigration: () => Promise.resolve(),
			unlogMigration: () => Promise.resolve()
		},
		logger: undefined
	});
	const done = await umzug.up();
	if (done.length > 0) logger.info(`Migrated ${database.name}: ${done.map(({ name }) => name).join(", ")}`);
}

async function filesIn(folder: string, part: string): Promise<string[]> {
	const path = join(folder, part);
	if (!existsSync(path)) return [];
	return (await readdir(path))
		.filter(file => file.endsWith(".ts"))
		.sort()
		.map(file => `${part}/${file}`);
}

async function apply(database: Database, folder: string, name: string): Promise<void> {
	const migration = (await import(pathToFileURL(join(folder, name)).href)) as Migration;
	await database.write(`migrations/${name}`, async tx => {
		await migration.up(tx);
		await tx.run("INSERT INTO migrations (name, applied_at) VALUES (?, ?)", [name, isoNow()]);
	});
}
