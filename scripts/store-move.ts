import { existsSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { processEnv } from "../broker/env.ts";
import type { Logger } from "../broker/service.ts";
import { useSqlite } from "../broker/sql/driver.ts";
import { migrate } from "../broker/sql/migrate.ts";
import { moveStore } from "../broker/sql/move.ts";
import { ownStore } from "../broker/sql/owner-lock.ts";
import { PostgresDatabase } from "../broker/sql/postgres-database.ts";
import { SqliteDatabase } from "../broker/sql/sqlite-database.ts";

// Copies the store of one service from its file to a Postgres database, and compares the two. The file stays as it is.

const { values, positionals } = parseArgs({ options: { to: { type: "string" } }, allowPositionals: true });
const [service] = positionals;
if (!service || !values.to) {
	console.error("npm run store:move -- orders --to postgres://user@host/souk_orders");
	process.exit(2);
}

/** Opens both stores, brings both to the version of this code, and copies. */
async function move(name: string, url: string): Promise<void> {
	const env = processEnv();
	const file = join(env.DATA_DIR, `${name}.db`);
	if (!existsSync(file)) throw new Error(`${file} is not there`);
	useSqlite(env.SQLITE_DRIVER);
	// Whoever runs the service now would write what the copy misses.
	const release = await ownStore(file);
	const from = await SqliteDatabase.open(name, file);
	const to = await PostgresDatabase.open(name, url);
	try {
		const logger = console as unknown as Logger;
		await migrate(from, logger);
		await migrate(to, logger);
		for (const { table, rows, checksum } of await moveStore(from, to))
			console.log(`${table.padEnd(20)} ${String(rows).padStart(9)} rows  ${checksum.slice(0, 16)}  equal`);
	} finally {
		await Promise.all([from.close(), to.close()]);
		await release();
	}
	console.log(`\nStart ${name} with ${name.toUpperCase()}_DATABASE_URL set to that address; ${file} is as it was.`);
}

try {
	await move(service, values.to);
} catch (error) {
	console.error(`Nothing was moved: ${(error as Error).message}`);
	process.exit(1);
}
