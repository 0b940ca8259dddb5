import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync, type SQLInputValue } from "node:sqlite";
import { contentsOf, onPostgres } from "../support/stores.ts";
import type { Placed } from "./driver.ts";
import type { Accident } from "./harness.ts";
import type { Ledger } from "./ledger.ts";

export type Row = Record<string, string | number | null>;

/**
 * Everything there is to look at after a run: the stores, read from outside the process, the mail, and what the clients
 * were answered.
 */
export class Books implements Disposable {
	/** The stores that have the tables of events. */
	readonly stores: string[];
	readonly dataDir: string;
	readonly ledger: Ledger;
	readonly placed: readonly Placed[];
	readonly accidents: readonly Accident[];
	readonly #sql = new DatabaseSync(":memory:");

	constructor(of: {
		dataDir: string;
		ledger: Ledger;
		placed: readonly Placed[];
		accidents: readonly Accident[];
	}) {
		this.dataDir = of.dataDir;
		this.ledger = of.ledger;
		this.placed = of.placed;
		this.accidents = of.accidents;
		const names = onPostgres() ? this.#copyDatabases() : this.#attachFiles();
		this.#sql.exec("PRAGMA busy_timeout=5000");
		this.stores = names.map(schemaOf).filter(name => this.has(name, "outbox"));
	}

	#attachFiles(): string[] {
		const names = readdirSync(this.dataDir)
			.filter(file => file.endsWith(".db"))
			.map(file => file.slice(0, -3));
		for (const name of names) {
			// Only to look: nothing here may change what it looks at.
			const uri = `file:${join(this.dataDir, name)}.db?mode=ro`;
			this.#sql.prepare("ATTACH ? AS ?").run(uri, schemaOf(name));
		}
		return names;
	}

	/** What is in Postgres, in the memory of this process: it is looked at in the same words. */
	#copyDatabases(): string[] {
		const stores = new Set<string>();
		for (const { store, table, columns, rows } of contentsOf(this.dataDir)) {
			if (!stores.has(store)) this.#sql.prepare("ATTACH ':memory:' AS ?").run(store);
			stores.add(store);
			this.#sql.exec(`CREATE TABLE ${store}.${table} (${columns.join(", ")})`);
			const insert = this.#sql.prepare(`INSERT INTO ${store}.${table} VALUES (${columns.map(() => "?").join(", ")})`);
			for (const row of rows) insert.run(...columns.map(column => row[column.split(" ")[0]!]!));
		}
		return [...stores];
	}

	/** Rows across the stores; each store is a schema of its own: `orders.outbox`. */
	rows<R = Row>(sql: string, ...values: SQLInputValue[]): R[] {
		return this.#sql.prepare(sql).all(...values) as R[];
	}

	/** The same query in every store that has the tables of events; `@.` stands for the store's own. */
	everywhere<R = Row>(sql: string): (R & { store: string })[] {
		return this.stores.flatMap(store =>
			this.rows<R>(sql.replaceAll("@.", `${store}.`)).map(row => ({ store, ...row }))
		);
	}

	has(store: string, table: string): boolean {
		return this.rows(`SELECT name FROM ${store}.sqlite_master WHERE type = 'table' AND name = ?`, table).length > 0;
	}

	/** All the schemas that are open. */
	databases(): string[] {
		return this.rows<{ name: string }>("PRAGMA database_list")
			.map(({ name }) => name)
			.filter(name => name !== "main");
	}

	/** The mails in the mailbox: their file names and texts. */
	mails(): { file: string; text: string }[] {
		const folder = join(this.dataDir, "mailbox");
		if (!existsSync(folder)) return [];
		// A draft that a kill left behind is no mail.
		const files = readdirSync(folder).filter(file => file.endsWith(".eml"));
		return files.map(file => ({ file, text: readFileSync(join(folder, file), "utf8") }));
	}

	[Symbol.dispose](): void {
		this.#sql.close();
	}
}

const schemaOf = (name: string): string => name.replaceAll("-", "_");
