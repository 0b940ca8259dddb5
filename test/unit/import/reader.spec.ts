import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Batch, batchesOf, survey, UnreadableFile } from "../../../scripts/import/reader.ts";
import { Report } from "../../../scripts/import/report.ts";

let folder: string;
beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), "souk-import-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function file(text: string | Buffer, name = "wares.csv"): string {
	writeFileSync(join(folder, name), text);
	return join(folder, name);
}
async function read(path: string): Promise<Batch[]> {
	const batches: Batch[] = [];
	for await (const batch of batchesOf(path)) batches.push(batch);
	return batches;
}

describe("a file of products", () => {
	it("is read line by line, with numbers as numbers, and what is none as it is", async () => {
		const path = file(
			'\ufeffname,price,onHand,images,category\r\nLamp,1,2,,\r\n\r\n"A ""rug"",\nlong", 1.50 ,-3,https://a.b/c  https://d.e/f,Rugs\r\n'
		);
		const [batch, ...others] = await read(path);
		expect(others).toEqual([]);
		expect(batch!.lines.map(({ line, ware }) => [line.number, ware])).toEqual([
			[2, { name: "Lamp", price: 1, onHand: 2 }],
			[
				5,
				{
					name: 'A "rug",\nlong',
					price: "1.50",
					onHand: -3,
					images: ["https://a.b/c", "https://d.e/f"],
					category: "Rugs"
				}
			]
		]);
	});

	it("has the same batches each time, none larger than the gateway takes, with every line in one of them", async () => {
		const rows = Array.from({ length: 1_200 }, (_, n) =>
			n % 97 === 5 ? `Ware ${n},1` : `Ware ${n},${n},1,${"long ".repeat(n % 300)}`
		);
		const path = file(["name,price,onHand,description", ...rows].join("\n"));
		const batches = await read(path);
		expect(await read(path)).toEqual(batches);
		expect(batches.length).toBeGreaterThan(10);
		expect(batches.map(({ number }) => number)).toEqual(batches.map((_, at) => at + 1));
		for (const { lines, misshapen } of batches) {
			expect(lines.length + misshapen.length).toBeLessThanOrEqual(250);
			expect(JSON.stringify(lines.map(({ ware }) => ware)).length).toBeLessThan(60_000);
		}
		const numbers = batches.flatMap(({ lines, misshapen }) => [...lines.map(({ line }) => line), ...misshapen]);
		expect(numbers.map(({ number }) => number).sort((one, other) => one - other)).toEqual(rows.map((_, n) => n + 2));
		expect(await survey(path)).toMatchObject({ lines: 1_200, header: ["name", "price", "onHand", "description"] });
	});

	it("is another one when a byte of it is", async () => {
		const one = await survey(file("name,price,onHand\na,1,2\n"));
		const other = await survey(file("name,price,onHand\na,1,3\n"));
		expect(one.source).toMatch(/^[0-9a-f]{64}$/);
		expect(other.source).not.toBe(one.source);
	});

	it.each([
		["without a column it needs", "name,price\na,1\n", "there is no onHand"],
		["with a column twice", "name,price,onHand,name\n", "name is there twice"],
		["with a column that nobody knows", "name,price,onHand,colour\n", '"colour" is not known'],
		["with a quote that is not closed", 'name,price,onHand\n"a,1,2\n', "Quote Not Closed"],
		["with a line that has no end", `name,price,onHand\n"${"a".repeat(200_000)}",1,2\n`, "Max Record Size"],
		["that is empty", "", "It is empty"],
		["that is not UTF-8", Buffer.from([0x6e, 0xff, 0x0a]), "It is not UTF-8"],
		["that ends in the middle of a letter", Buffer.from("name,price,onHand\nÄ").subarray(0, -1), "It is not UTF-8"]
	])("%s cannot be read, and says why", async (_, text, why) => {
		const reading = survey(file(text));
		await expect(reading).rejects.toBeInstanceOf(UnreadableFile);
		await expect(reading).rejects.toThrow(why);
	});
});

describe("the report of refused lines", () => {
	const header = ["name", "price", "onHand"];

	it("has the lines as they were, with their numbers and reasons, and can be read again", async () => {
		const path = join(folder, "refused.csv");
		const report = new Report(path, header);
		report.refuse({ number: 3, cells: ['A "rug",\nlong', "x", "2"] }, header, "price: no number");
		report.refuse({ number: 9, cells: ["Lamp"] }, header, "has 1 cells, not 3");
		report.close();
		expect(report.told).toEqual(["line 3: price: no number", "line 9: has 1 cells, not 3"]);
		const [batch] = await read(path);
		expect(batch!.lines.map(({ ware }) => ware)).toEqual([
			{ name: 'A "rug",\nlong', price: "x", onHand: 2 },
			{ name: "Lamp" }
		]);
		const again = [...header, "refused_line", "refused_because"];
		const second = new Report(join(folder, "again.csv"), again);
		second.refuse({ number: 2, cells: ["Lamp", "", "", "9", "has 1 cells"] }, again, "name: wrong");
		second.close();
		expect(readFileSync(join(folder, "again.csv"), "utf8")).toBe(
			"name,price,onHand,refused_line,refused_because\nLamp,,,2,name: wrong\n"
		);
	});

	it("is no file where nothing was refused, and takes away an older one", () => {
		const path = file("old", "refused.csv");
		new Report(path, header).close();
		expect(() => readFileSync(path)).toThrow("ENOENT");
	});

	it("tells the first twenty, and keeps all", () => {
		const path = join(folder, "refused.csv");
		const report = new Report(path, header);
		for (let number = 2; number < 102; number++) report.refuse({ number, cells: ["a", "b", "c"] }, header, "no");
		report.close();
		expect([report.told.length, report.refused]).toEqual([20, 100]);
		expect(readFileSync(path, "utf8").split("\n")).toHaveLength(102);
	});
});
