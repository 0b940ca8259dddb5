import type sqlite3 from "sqlite3";

/** What Souk, and Sequelize for it, use of the `sqlite3` package: the shape every driver has. */
export type SqliteDriver = Pick<typeof sqlite3, "Database" | "OPEN_READONLY" | "OPEN_READWRITE" | "OPEN_CREATE">;
export type DriverName = "sqlite3" | "node";

let chosen: DriverName | undefined;

/**
 * Chooses the driver of this process, before the first store is opened. Two SQLite libraries on one file in one process
 * break its locks (sqlite.org/howtocorrupt 2.2.1), so a second, other choice throws.
 */
export function useSqlite(driver: DriverName): void {
	if (chosen && chosen !== driver) throw new Error(`This process has SQLite files open with ${chosen} already`);
	chosen = driver;
}

/** The driver that was chosen. It is loaded only now, so that the other needs not be there. */
export async function sqlite(): Promise<SqliteDriver> {
	chosen ??= "sqlite3";
	if (chosen === "sqlite3") return (await import("sqlite3")).default;
	return (await import("./node-sqlite.ts")) as unknown as SqliteDriver;
}
