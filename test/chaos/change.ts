import { DatabaseSync } from "node:sqlite";

/** Changes a store behind the back of the process that owns it. */
export function change<T>(file: string, by: (sql: DatabaseSync) => T): T {
	const sql = new DatabaseSync(file);
	try {
		sql.exec("PRAGMA busy_timeout=5000");
		return by(sql);
	} finally {
		sql.close();
	}
}
