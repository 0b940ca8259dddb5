import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { town, type Town } from "./support.ts";

const run = promisify(execFile);
const ROOT = join(import.meta.dirname, "../..");

describe("a newcomer with the README", () => {
	let it_: Town;
	beforeAll(async () => {
		it_ = await town();
	});
	afterAll(() => it_.souk.close());

	// checklist: 11, 31, 41, 98, 142, 151, 216, 226
	it("gets a confirmed order from its shell lines, and the same order when they are run again", async () => {
		const readme = readFileSync(join(ROOT, "README.md"), "utf8");
		const lines = /## A first order\n\n```sh\n([^`]*)```/.exec(readme)![1]!;
		const script = lines.replace("http://127.0.0.1:8000", it_.souk.url).replaceAll("curl -s", "curl -sS -w '\\n'");
		const first = (await run("sh", ["-c", script])).stdout.split("\n").filter(line => line.startsWith("{"));
		expect(JSON.parse(first[0]!)).toMatchObject({ id: 1, status: "CONFIRMED", total: 2 * 1999 });
		expect(JSON.parse(first[1]!)).toMatchObject({ events: [{ type: "created" }, { type: "confirmed" }] });
		const again = (await run("sh", ["-c", script])).stdout.split("\n").filter(line => line.startsWith("{"));
		expect(again[0]).toBe(first[0]);
	});

	// checklist: 139
	it("sees both styles, the refusals and the books in npm run demo", async () => {
		const { stdout } = await run(join(ROOT, "node_modules/.bin/node"), ["scripts/demo.ts"], {
			cwd: ROOT,
			env: { PATH: process.env.PATH, PORT: new URL(it_.souk.url).port, DATA_DIR: it_.souk.dataDir }
		});
		expect(stdout).toContain("→ payments.capture");
		expect(stdout).toContain("→ payment.captured");
		expect(stdout).toContain("CANCELLED (PAYMENT_DECLINED)");
		expect(stdout).toContain("CANCELLED (OUT_OF_STOCK)");
		expect(stdout).toContain("the same order, placed once");
		expect(stdout).toMatch(/task \d+: Inspect return 1 of order \d+\n +return 1 is COMPLETED/);
		expect(stdout).toContain("money taken: 69.48 EUR");
	});
});
