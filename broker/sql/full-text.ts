import type { Database, Sql, Value } from "./sql.ts";

type Dialect = Database["dialect"];

/**
 * The words of a text as searches see them: case, accents and the many ways to write a letter make no difference. Both stores
 * get words and no signs, so that they agree on where one ends, and a sign that people type is no operator to either.
 */
export const wordsIn = (text: string): string[] =>
	text
		.normalize("NFKD")
		.replace(/[\u0300-\u036f]/g, "")
		.toLowerCase()
		.normalize("NFKC")
		.match(/[\p{L}\p{N}\p{M}]+/gu) ?? [];

/** What a searched column holds: the words of a heading, which count more, and on the next line those of the text below it. */
export const searchText = (heading: string, text: string): string =>
	`${wordsIn(heading).join(" ")}\n${wordsIn(text).join(" ")}`;

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

/**
 * The rows in which each of the words begins a word, as a query for `id` and `score`; the best has the smallest score. A word
 * of one letter is found only whole: as a beginning it would be found nearly everywhere.
 */
export function rowsWith(dialect: Dialect, table: string, words: readonly string[]): { sql: string; values: Value[] } {
	const beginning = (word: string, quote: string, sign: string) =>
		`${quote}${word}${quote}${word.length > 1 ? sign : ""}`;
	const each = [...new Set(words)];
	if (dialect === "postgres")
		return {
			sql: `SELECT id, -ts_rank(words, asked) AS score FROM ${table}, to_tsquery('simple', ?) AS asked WHERE words @@ asked`,
			values: [each.map(word => beginning(word, "'", ":*")).join(" & ")]
		};
	return {
		sql: `SELECT rowid AS id, bm25(${table}_words, 10.0, 1.0) AS score FROM ${table}_words WHERE ${table}_words MATCH ?`,
		values: [each.map(word => beginning(word, '"', "*")).join(" AND ")]
	};
}
