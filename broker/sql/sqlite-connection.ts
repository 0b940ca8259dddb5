import type sqlite3 from "sqlite3";
import { sqlite } from "./driver.ts";
import type { Sql, Value } from "./sql.ts";

/** What every connection to a SQLite file is set to, Sequelize's included. */
const PRAGMAS = [
	"PRAGMA busy_timeout=5000",
	"PRAGMA journal_mode=WAL",
	"PRAGMA synchronous=FULL",
	"PRAGMA foreign_keys=ON"
];

/** A connection to a SQLite file with its prepared statements: the only place that speaks to the driver. */
export class SqliteConnection implements Sql {
	/** How many statements were asked for so far. */
	statements = 0;
	readonly #db: sqlite3.Database;
	readonly #statements = new Map<string, sqlite3.Statement | Promise<sqlite3.Statement>>();

	private constructor(db: sqlite3.Database) {
		this.#db = db;
	}

	static async open(file: string, mode: "readwrite" | "readonly" = "readwrite"): Promise<SqliteConnection> {
		const { Database, OPEN_READONLY, OPEN_READWRITE, OPEN_CREATE } = await sqlite();
		const flags = mode === "readonly" ? OPEN_READONLY : OPEN_READWRITE | OPEN_CREATE;
		const db = await new Promise<sqlite3.Database>((resolve, reject) => {
			const opening: sqlite3.Database = new Database(file, flags, error => (error ? reject(error) : resolve(opening)));
		});
		// Statements run in the order they were asked for, without a turn of the event loop between them.
		db.serialize();
		const connection = new SqliteConnection(db);
		for (const pragma of mode === "readonly" ? ["PRAGMA busy_timeout=5000"] : PRAGMAS) await connection.exec(pragma);
		return connection;
	}

	async run(sql: string, values: readonly Value[] = []): Promise<number> {
		this.statements++;
		const statement = await (this.#statements.get(sql) ?? this.#prepare(sql));
		return new Promise((resolve, reject) => {
			statement.run(values, function (error) {
				if (error) reject(error);
				else resolve(this.changes);
			});
		});
	}

	async get<R>(sql: string, values: readonly Value[] = []): Promise<R | undefined> {
		// Not Statement.get: it leaves the statement unfinished, and with it a read transaction open on an old snapshot.
		return (await this.all<R>(sql, values))[0];
	}

	async all<R>(sql: string, values: readonly Value[] = []): Promise<R[]> {
		this.statements++;
		const statement = await (this.#statements.get(sql) ?? this.#prepare(sql));
		return new Promise((resolve, reject) => {
			statement.all(values, (error: Error | null, rows: unknown[]) => {
				if (error) reject(error);
				else resolve(rows as R[]);
			});
		});
	}

	/** Runs statements without values, as migrations do. */
	exec(sql: string): Promise<void> {
		return new Promise((resolve, reject) => this.#db.exec(sql, error => (error ? reject(error) : resolve())));
	}

	/** Statements that were asked for before are answered first. */
	async close(): Promise<void> {
		const prepared = await Promise.allSettled([...this.#statements.values()].map(each => Promise.resolve(each)));
		for (const statement of prepared) if (statement.status === "fulfilled") statement.value.finalize();
		this.#statements.clear();
		await new Promise<void>((resolve, reject) => this.#db.close(error => (error ? reject(error) : resolve())));
	}

	// Waits for the preparation: a run on a statement that could not be prepared never calls back. Those who ask for the
	// same statement meanwhile share it: one that was forgotten could never be finalized, and the file never be closed.
	#prepare(sql: string): Promise<sqlite3.Statement> {
		const preparing = new Promise<sqlite3.Statement>((resolve, reject) => {
			const statement: sqlite3.Statement = this.#db.prepare(sql, (error: Error | null) => {
				if (error) {
					this.#statements.delete(sql);
					return reject(error);
				}
				this.#statements.set(sql, statement);
				resolve(statement);
			});
		});
		this.#statements.set(sql, preparing);
		return preparing;
	}
}
