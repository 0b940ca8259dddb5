import { basename, dirname } from "node:path";
import type { Row } from "../../broker/sql/sql.ts";
import type { Store } from "../../broker/sql/store.ts";
import { ask, copyDatabase } from "./postgres-server.ts";

let server: string | undefined;

/** From here on, the stores of specs are databases on this server. */
export function overPostgres(url: string): void {
	server = url;
}

/** Whether the stores of specs are on Postgres. */
export const onPostgres = (): boolean => server !== undefined;

/** What the databases of a data folder begin with: the folder's name, or its parent's when it is just called data. */
const prefixOf = (dataDir: string): string =>
	(basename(dataDir) === "data" ? basename(dirname(dataDir)) : basename(dataDir)).toLowerCase().replace(/\W/g, "_");
const urlOf = (database: string): string => new URL(database, server).href;

/** The address of a store that belongs to a data folder. */
export const storeUrl = (dataDir: string, service: string): string => urlOf(`${prefixOf(dataDir)}_${service}`);

/** What makes a process keep the stores that belong to a data folder where the specs have them. */
export const storeSettings = (dataDir: string): Record<string, string> =>
	server === undefined ? {} : { STORE: "postgres", DATABASE_URL: urlOf(prefixOf(dataDir)), DATABASE_CONNECTIONS: "8" };

const ofFolder = (dataDir: string): string => `WHERE datname LIKE '${prefixOf(dataDir).replace(/_/g, "\\_")}\\_%'`;
const databasesOf = (dataDir: string): string[] => ask(server!, `SELECT datname FROM pg_database ${ofFolder(dataDir)}`);

/** The rows of every table of the stores that belong to a data folder. */
export function contentsOf(dataDir: string): { store: string; table: string; columns: string[]; rows: Row[] }[] {
	return databasesOf(dataDir).flatMap(database => {
		const url = urlOf(database);
		const columns = ask(
			url,
			`SELECT table_name || ' ' || string_agg(column_name || CASE data_type WHEN 'bigint' THEN ' INTEGER' ELSE ' TEXT' END,
				', ' ORDER BY ordinal_position) FROM information_schema.columns WHERE table_schema = 'public' GROUP BY table_name`
		);
		const tables = new Map(
			columns.map(line => [line.split(" ", 1)[0]!, line.slice(line.indexOf(" ") + 1).split(", ")])
		);
		const all = [...tables.keys()].map(table => `SELECT '${table} ' || row_to_json(t) FROM "${table}" t`);
		const lines = ask(url, all.join(" UNION ALL "));
		const store = database.slice(prefixOf(dataDir).length + 1);
		return [...tables].map(([table, columns]) => ({
			store,
			table,
			columns,
			rows: lines
				.filter(line => line.startsWith(`${table} {`))
				.map(line => JSON.parse(line.slice(table.length + 1)) as Row)
		}));
	});
}

/** The names of a store's tables. */
export async function tablesOf(store: Pick<Store, "all" | "database">): Promise<string[]> {
	const names =
		store.database.dialect === "sqlite"
			? "SELECT name FROM sqlite_master WHERE type = 'table'"
			: "SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public'";
	return (await store.all<{ name: string }>(names)).map(({ name }) => name);
}

/** Copies the databases of one data folder to another, as they are at this moment. */
export function copyStores(from: string, to: string): void {
	if (server === undefined) return;
	for (const name of databasesOf(from)) {
		const copy = prefixOf(to) + name.slice(prefixOf(from).length);
		ask(server, `CREATE DATABASE "${copy}" TEMPLATE template0`);
		copyDatabase(urlOf(name), urlOf(copy));
	}
}

/** Removes the databases of a data folder, whoever is still connected. */
export function dropStores(dataDir: string): void {
	if (server === undefined) return;
	ask(server, `SELECT format('DROP DATABASE %I WITH (FORCE)', datname) FROM pg_database ${ofFolder(dataDir)} \\gexec`);
}
