import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { type Env, storeUrlOf } from "../env.ts";
import { ownStore } from "./owner-lock.ts";
import { PostgresDatabase } from "./postgres-database.ts";
import { postgresAdapter, type ReadingAdapter, sqliteAdapter } from "./sequelize.ts";
import type { Database } from "./sql.ts";
import { SqliteDatabase } from "./sqlite-database.ts";

/** A service's database, and what goes with its kind. */
export interface Opened {
	database: Database;
	/** Connections that lists are read over. */
	adapter(): Promise<ReadingAdapter>;
	/** How many connections units and reads may hold. */
	connections: number;
	/** Closes the database and lets others have it. */
	close(): Promise<void>;
}

/** Opens the database of a service: a file that this process owns, or a database that processes share. */
export async function openDatabase(env: Env, name: string): Promise<Opened> {
	const url = storeUrlOf(env, name);
	if (url !== undefined) {
		const database = await PostgresDatabase.open(name, url, env.DATABASE_CONNECTIONS);
		return {
			database,
			adapter: () => Promise.resolve(postgresAdapter(url, name)),
			connections: env.DATABASE_CONNECTIONS,
			close: () => database.close()
		};
	}
	mkdirSync(env.DATA_DIR, { recursive: true });
	const file = join(env.DATA_DIR, `${name}.db`);
	const release = await ownStore(file);
	const database = await SqliteDatabase.open(name, file);
	return {
		database,
		adapter: () => sqliteAdapter(file),
		connections: 2,
		close: async () => {
			await database.close();
			await release();
		}
	};
}
