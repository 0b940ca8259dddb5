import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { migrate } from "../../../../broker/sql/migrate.ts";
import { PostgresDatabase } from "../../../../broker/sql/postgres-database.ts";
import type { Database } from "../../../../broker/sql/sql.ts";
import { SqliteDatabase } from "../../../../broker/sql/sqlite-database.ts";
import { Store } from "../../../../broker/sql/store.ts";
import type { Logger } from "../../../../broker/service.ts";
import { dropStores, onPostgres, storeUrl } from "../../../support/stores.ts";

/** A logger that keeps what it is told. */
export interface Notebook {
	logger: Logger;
	lines: { level: string; message: string }[];
}

export function notebook(): Notebook {
	const lines: Notebook["lines"] = [];
	const note =
		(level: string) =>
		(...words: unknown[]): void =>
			void lines.push({ level, message: words.map(String).join(" ") });
	const levels = ["fatal", "error", "warn", "info", "debug", "trace"];
	return { lines, logger: Object.fromEntries(levels.map(level => [level, note(level)])) as unknown as Logger };
}

/** Database files in a temporary folder, for one spec. */
export class Scratch {
	readonly folder = mkdtempSync(join(tmpdir(), "souk-unit-"));
	readonly #open = new Set<Database>();

	path(name: string): string {
		return join(this.folder, `${name}.db`);
	}

	/** A store of the kind that the project's specs run over. */
	async any(name = "scratch"): Promise<Database> {
		if (!onPostgres()) return this.database(name);
		const database = await PostgresDatabase.open(name, storeUrl(this.folder, name), 6);
		this.#open.add(database);
		return database;
	}

	async database(name = "scratch"): Promise<SqliteDatabase> {
		const database = await SqliteDatabase.open(name, this.path(name));
		this.#open.add(database);
		return database;
	}

	/** A store with the core's tables. */
	async store(name = "scratch"): Promise<Store> {
		const database = await this.any(name);
		await migrate(database, notebook().logger);
		return new Store(database);
	}

	async close(database: Database | Store): Promise<void> {
		const target = database instanceof Store ? database.database : database;
		this.#open.delete(target);
		await target.close();
	}

	async remove(): Promise<void> {
		for (const database of this.#open) await database.close();
		rmSync(this.folder, { recursive: true, force: true });
		dropStores(this.folder);
	}

	/** How many transactions the write-ahead log of a store holds: the frames that end one (sqlite.org/fileformat2, 4.1). */
	commits(name = "scratch"): number {
		const log = readFileSync(`${this.path(name)}-wal`);
		if (log.length < 32) return 0;
		const frame = 24 + log.readUInt32BE(8);
		const salt = log.subarray(16, 24);
		let commits = 0;
		for (let at = 32; at + frame <= log.length && log.subarray(at + 8, at + 16).equals(salt); at += frame)
			if (log.readUInt32BE(at + 4) > 0) commits++;
		return commits;
	}
}
