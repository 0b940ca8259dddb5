import { spawn, type ChildProcess } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { eventually } from "../support/eventually.ts";
import { available, town, type Town } from "./support.ts";

const ROOT = join(import.meta.dirname, "../..");

interface Product {
	id: number;
	name: string;
	price: number;
}

describe("npm run import", () => {
	let it_: Town;
	beforeAll(async () => {
		it_ = await town({ RATE_LIMIT: "off" });
	});
	afterAll(() => it_.souk.close());

	const path = (name: string) => join(it_.souk.folder, name);
	function file(name: string, lines: readonly string[]): string {
		writeFileSync(path(name), `${lines.join("\n")}\n`);
		return path(name);
	}
	function start(...args: string[]): { child: ChildProcess; ended: Promise<{ code: number | null; said: string }> } {
		const child = spawn(join(ROOT, "node_modules/.bin/node"), ["scripts/import.ts", ...args, "--url", it_.souk.url], {
			cwd: ROOT,
			env: { PATH: process.env.PATH }
		});
		let said = "";
		for (const out of [child.stdout, child.stderr]) out.on("data", (chunk: Buffer) => (said += chunk.toString()));
		return { child, ended: new Promise(resolve => child.once("close", code => resolve({ code, said }))) };
	}
	const run = (...args: string[]) => start(...args).ended;
	/** All products that a search finds. */
	async function found(search: string): Promise<Product[]> {
		const all: Product[] = [];
		for (let after = ""; ; ) {
			const query = `/products?search=${search}&limit=100&sort=id${after}`;
			const { body } = await it_.client.ask<{ items: Product[]; next?: number }>(query);
			all.push(...body.items);
			if (body.next === undefined) return all;
			after = `&after=${body.next}`;
		}
	}

	it("brings in what is good, tells line by line what is not, and takes the mended lines afterwards", async () => {
		const wares = file("wares.csv", [
			"name,description,price,onHand,images",
			'Zellige tile,"Blue, ""as the sea"",\nand square",1650,40,https://souk.test/a.png https://souk.test/b.png',
			"Zellige bowl,,16.50,4,",
			"Zellige plate,,900",
			"Zellige cup,,800,0,"
		]);
		const { code, said } = await run(wares);
		expect(said).toContain("line 4: price: ");
		expect(said).toContain("line 5: has 3 cells, not 5");
		expect(said).toContain("2 of 4 products are in the catalogue with their stock");
		expect(code).toBe(1);
		const [tile, cup] = await found("zellige");
		expect(tile).toMatchObject({
			name: "Zellige tile",
			description: 'Blue, "as the sea",\nand square',
			price: 1650,
			images: ["https://souk.test/a.png", "https://souk.test/b.png"]
		});
		expect(cup).toMatchObject({ name: "Zellige cup" });
		expect([await available(it_, tile!.id), await available(it_, cup!.id)]).toEqual([40, 0]);

		const refused = readFileSync(path("wares.refused.csv"), "utf8");
		const mended = refused.replace("16.50", "1650").replace("Zellige plate,,900,,", "Zellige plate,,900,7,");
		expect(await run(file("mended.csv", mended.trimEnd().split("\n")))).toMatchObject({ code: 0 });
		expect(existsSync(path("mended.refused.csv"))).toBe(false);
		expect((await found("zellige")).map(({ name, price }) => [name, price])).toEqual([
			["Zellige tile", 1650],
			["Zellige cup", 800],
			["Zellige bowl", 1650],
			["Zellige plate", 900]
		]);
		// Both files once more, by whoever did not know.
		expect((await run(wares)).code).toBe(1);
		expect((await run(path("mended.csv"))).code).toBe(0);
		expect(await found("zellige")).toHaveLength(4);
	});

	it.each([
		["an unknown column, and a missing one", ["name,price,stock", "a,1,2"], 'there is no onHand; "stock" is not known'],
		["a quote that nobody closes", ["name,price,onHand", "Qasaba one,1,2", '"Qasaba two,1,2'], "Quote"],
		["nothing at all", [], "It is empty"]
	])("sends nothing of a file with %s", async (_, lines, why) => {
		const { code, said } = await run(file("bad.csv", lines));
		expect(said).toContain(why);
		expect(code).toBe(2);
		expect(await found("qasaba")).toEqual([]);
	});

	it("sends nothing of a file that is not UTF-8, or not there, and says so", async () => {
		writeFileSync(path("latin.csv"), Buffer.from("name,price,onHand\nK\xfcbel,1,2\n", "latin1"));
		expect(await run(path("latin.csv"))).toMatchObject({
			code: 2,
			said: expect.stringContaining("not UTF-8") as string
		});
		expect((await run(path("nowhere.csv"))).code).toBe(2);
		expect((await run()).code).toBe(2);
	});

	it("gives up at once where it may not", async () => {
		const { code, said } = await run(
			file("one.csv", ["name,price,onHand", "Qasaba,1,2"]),
			"--email",
			"nobody@souk.test"
		);
		expect(said).toContain("nobody@souk.test cannot log in");
		expect(code).toBe(3);
		expect((await run(path("one.csv"), "--email", "alice@souk.test")).said).toContain("FORBIDDEN");
		expect(await found("qasaba")).toEqual([]);
	});

	it("brings each line in once, with its stock, whatever is killed on the way", async () => {
		const count = 3_000;
		const lines = Array.from({ length: count }, (_, n) => `Mashrabiya ${n},${n},${n % 7}`);
		const wares = file("many.csv", ["name,price,onHand", ...lines]);
		const more = (than: number) =>
			eventually(
				async () => {
					const { body } = await it_.client.ask<{ items: { accepted: number }[] }>("/products/imports?limit=100", {
						token: it_.staff
					});
					if (body.items.filter(({ accepted }) => accepted > 100).length <= than) throw new Error("Not so far yet");
				},
				{ within: 60_000, every: 5 }
			);
		const first = start(wares);
		await more(1);
		first.child.kill("SIGKILL");
		await first.ended;
		const second = start(wares);
		await more(4);
		await it_.souk.kill();
		await it_.souk.start();
		expect(await second.ended).toMatchObject({ code: 0 });
		const all = await found("mashrabiya");
		expect(all.map(({ name }) => name).sort()).toEqual(lines.map(line => line.split(",")[0]!).sort());
		for (const { id, price } of all.filter((_, n) => n % 300 === 0)) expect(await available(it_, id)).toBe(price % 7);
		const { body } = await it_.client.ask<{ items: unknown[] }>("/products/imports?status=PENDING", {
			token: it_.staff
		});
		expect(body.items).toEqual([]);
	});
});
