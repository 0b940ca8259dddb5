import type { Database, Sql } from "./sql.ts";

type Dialect = Database["dialect"];

/**
 * Lets the rows of a table be found by the words of a column, whoever writes them: in SQLite by an FTS5 index that triggers
 * keep, in Postgres by a generated column.
 */
export async function indexWords(sql: Sql, dialect: Dialect, table: string, column: string): Promise<void> {
	const index = `${table}_words`;
	if (dialect === "postgres") {
		const heading = `to_tsvector('simple', split_part(${column}, E'\\n', 1))`;
		const text = `to_tsvector('simple', substr(${column}, strpos(${column}, E'\\n') + 1))`;
		await sql.run(
			`ALTER TABLE ${table} ADD COLUMN words tsvector
			GENERATED ALWAYS AS (setweight(${heading}, 'A') || setweight(${text}, 'D')) STORED`
		);
		await sql.run(`CREATE INDEX ${index} ON ${table} USING GIN (words)`);
		return;
	}
	const fields = (row: string) => {
		const end = `instr(${row}${column}, char(10))`;
		return `${row}id, substr(${row}${column}, 1, ${end} - 1), substr(${row}${column}, ${end} + 1)`;
	};
	const add = `INSERT INTO ${index} (rowid, heading, text) VALUES (${fields("new.")});`;
	// An index that keeps no texts has to be told what it forgets.
	const drop = `INSERT INTO ${index} (${index}, rowid, heading, text) VALUES ('delete', ${fields("old.")});`;
	await sql.run(
		`CREATE VIRTUAL TABLE ${index} USING fts5 (heading, text, content = '', prefix = '2 3',
			tokenize = "unicode61 remove_diacritics 0 categories 'L* N* M* Co'")`
	);
	await sql.run(`INSERT INTO ${index} (rowid, heading, text) SELECT ${fields("")} FROM ${table}`);
	await sql.run(`CREATE TRIGGER ${index}_insert AFTER INSERT ON ${table} BEGIN ${add} END`);
	await sql.run(`CREATE TRIGGER ${index}_update AFTER UPDATE OF ${column} ON ${table} BEGIN ${drop} ${add} END`);
	await sql.run(`CREATE TRIGGER ${index}_delete AFTER DELETE ON ${table} BEGIN ${drop} END`);
}

/** Where a table is searched: what to read from, what to hold it against, and the id to sort by, as it comes sorted. */
export const searched = (dialect: Dialect, table: string): { from: string; where: string; id: string } =>
	dialect === "postgres"
		? { from: table, where: `${table}.words @@ to_tsquery('simple', ?)`, id: `${table}.id` }
		: {
				// In this order: the words are looked up first, and whoever wants only some rows stops there.
				from: `${table}_words CROSS JOIN ${table} ON ${table}.id = ${table}_words.rowid`,
				where: `${table}_words MATCH ?`,
				id: `${table}_words.rowid`
			};

/** What to hold a table against, as a value. */
export interface Query {
	/** Each of the words begins a word of the row. A word of one letter is found only whole: nearly everything begins with it. */
	all: string;
	/**
	 * The same rows apart, the most relevant first: those that have all the words in their heading; those in whose heading words
	 * begin with them; the others. A row's place depends on nothing but itself, so pages hold while others come and go,
	 * and a page costs what it shows, not what is found. By how rare a word is (bm25), neither would be so.
	 */
	tiers: [string, string, string];
}

/** The question for rows with these words, of which there is one at least. */
export function queryFor(dialect: Dialect, words: readonly string[]): Query {
	const each = [...new Set(words)];
	const beginning = (word: string, sign: string) => (word.length > 1 ? sign : "");
	if (dialect === "postgres") {
		const every = (sign: (word: string) => string) => `(${each.map(word => `'${word}'${sign(word)}`).join(" & ")})`;
		const all = every(word => beginning(word, ":*"));
		const whole = every(() => ":A");
		const begun = every(word => `:${beginning(word, "*")}A`);
		return { all, tiers: [whole, `${begun} & !${whole}`, `${all} & !${begun}`] };
	}
	const every = (sign: (word: string) => string) => `(${each.map(word => `"${word}"${sign(word)}`).join(" AND ")})`;
	const all = every(word => beginning(word, "*"));
	const whole = `(heading : ${every(() => "")})`;
	const begun = `(heading : ${all})`;
	return { all, tiers: [whole, `${begun} NOT ${whole}`, `${all} NOT ${begun}`] };
}
