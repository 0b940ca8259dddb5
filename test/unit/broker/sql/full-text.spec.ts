import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { queryFor, searched } from "../../../../broker/sql/full-text.ts";
import { migrate } from "../../../../broker/sql/migrate.ts";
import type { Database } from "../../../../broker/sql/sql.ts";
import { searchText, wordsIn } from "../../../../broker/words.ts";
import { notebook, Scratch } from "./scratch.ts";

describe("the words of a text", () => {
	it.each([
		["Öl-Lampe", ["ol", "lampe"]],
		["CAFE\u0301 cafe\u0301 Caf\u00e9", ["cafe", "cafe", "cafe"]],
		["ﬁne \uff21\uff22", ["fine", "ab"]],
		["100% snake_case back\\slash", ["100", "snake", "case", "back", "slash"]],
		["\"' OR * : ^ ( ) NEAR/2 & | ! <-> $1 ?", ["or", "near", "2", "1"]],
		["हिन्दी", ["हिन्दी"]],
		["  \n\t 🎉 ", []]
	])("%j are %j", (text, words) => {
		expect(wordsIn(text)).toEqual(words);
	});

	it("stay what they are when they are looked at again", () => {
		fc.assert(
			fc.property(fc.string({ unit: "grapheme" }), text => {
				const words = wordsIn(text);
				expect(wordsIn(words.join(" "))).toEqual(words);
			})
		);
	});
});

describe("a table that is searched by words", () => {
	const scratch = new Scratch();
	let database: Database;

	beforeAll(async () => {
		const folder = join(scratch.folder, "migrations");
		mkdirSync(join(folder, "wares"), { recursive: true });
		const statements = [
			"CREATE TABLE wares (id INTEGER PRIMARY KEY AUTOINCREMENT, words_of TEXT NOT NULL)",
			`INSERT INTO wares (words_of) VALUES ('old rug\n')`
		];
		const runs = statements.map(sql => `await sql.run(${JSON.stringify(sql)});`).join("\n");
		writeFileSync(
			join(folder, "wares/0001.ts"),
			`export const up = async sql => {\n${runs}\nawait sql.indexWords("wares", "words_of");\n};\n`
		);
		database = await scratch.any("wares");
		await migrate(database, notebook().logger, folder);
	});
	afterAll(() => scratch.remove());

	const add = (heading: string, text = "") =>
		database.write("add", async tx => {
			const row = await tx.get<{ id: number }>("INSERT INTO wares (words_of) VALUES (?) RETURNING id", [
				searchText(heading, text)
			]);
			return row!.id;
		});
	async function find(search: string): Promise<number[]> {
		const words = wordsIn(search);
		if (words.length === 0) return [];
		const { from, where, id } = searched(database.dialect, "wares");
		const ask = async (question: string) =>
			(
				await database.all<{ id: number }>(`SELECT ${id} AS id FROM ${from} WHERE ${where} ORDER BY ${id}`, [question])
			).map(row => row.id);
		const { all, tiers } = queryFor(database.dialect, words);
		const ranked = (await Promise.all(tiers.map(ask))).flat();
		// The tiers are all there is, and each row is in one.
		expect([...ranked].sort((one, other) => one - other)).toEqual(await ask(all));
		return ranked;
	}

	it("has what stood there before", async () => {
		expect(await find("rug")).toEqual([1]);
	});

	it("finds every word by its beginning, and a single letter only as a word", async () => {
		const id = await add("Brass lantern", "a star on the wall");
		expect(await find("lant")).toEqual([id]);
		expect(await find("WALL bra")).toEqual([id]);
		expect(await find("a lantern")).toEqual([id]);
		expect(await find("l")).toEqual([]);
		expect(await find("antern")).toEqual([]);
		expect(await find("lantern rug")).toEqual([]);
	});

	it("puts first what has all the words in its heading, then what has them begun there, then the others", async () => {
		const below = await add("Pouf", "goes with a kilim");
		const begun = await add("Kilims by hand");
		const whole = await add("Hand kilim");
		const half = await add("Kilim", "made by hand");
		expect(await find("kilim")).toEqual([whole, half, begun, below]);
		expect(await find("hand kilim")).toEqual([whole, begun, half]);
	});

	it("follows what is changed, removed and given up", async () => {
		const id = await add("Tagine");
		const set = (heading: string) => [searchText(heading, ""), id];
		await database.write("change", tx => tx.run("UPDATE wares SET words_of = ? WHERE id = ?", set("Bowl")));
		expect([await find("tagine"), await find("bowl")]).toEqual([[], [id]]);
		const given = database.write("given up", async tx => {
			await tx.run("UPDATE wares SET words_of = ? WHERE id = ?", set("Plate"));
			throw new Error("given up");
		});
		await expect(given).rejects.toThrow("given up");
		expect([await find("plate"), await find("bowl")]).toEqual([[], [id]]);
		await database.write("remove", tx => tx.run("DELETE FROM wares WHERE id = ?", [id]));
		expect(await find("bowl")).toEqual([]);
	});

	it("takes whatever people type for words, and finds every word that it has", async () => {
		const noise = fc.constantFrom(
			'"',
			"'",
			"*",
			":",
			"(",
			")",
			"-",
			"^",
			"&",
			"|",
			"!",
			"?",
			"$1",
			"\\",
			"AND",
			"NEAR("
		);
		const typed = fc.array(fc.oneof(noise, fc.string({ unit: "grapheme", maxLength: 12 })), { maxLength: 8 });
		await fc.assert(
			fc.asyncProperty(typed, async parts => {
				const text = parts.join(" ").replaceAll("\u0000", "");
				const id = await add("noise", text);
				if (wordsIn(text).length > 0) expect(await find(text)).toContain(id);
			}),
			{ numRuns: 150 }
		);
	});
});
