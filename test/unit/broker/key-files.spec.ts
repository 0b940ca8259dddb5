import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { keepKey, keptSecret, keyFile } from "../../../broker/key-files.ts";

let dataDir: string;
const file = () => keyFile(dataDir, "some.key");
beforeEach(() => {
	dataDir = mkdtempSync(join(tmpdir(), "souk-keys-"));
});
afterEach(() => rmSync(dataDir, { recursive: true, force: true }));

describe("a secret that nobody configured", () => {
	it("is made once, for its owner's eyes only", () => {
		const made = keptSecret(file());
		expect(made).toMatch(/^[\w-]{43}$/);
		expect(keptSecret(file())).toBe(made);
		expect(readFileSync(file(), "utf8")).toBe(made);
		expect(statSync(file()).mode & 0o777).toBe(0o600);
		expect(statSync(join(dataDir, "keys")).mode & 0o077).toBe(0);
		expect(readdirSync(join(dataDir, "keys"))).toEqual(["some.key"]);
	});

	it("is the first one's when processes start together", () => {
		const first = keepKey(file(), "the first");
		expect([first, keepKey(file(), "the second")]).toEqual(["the first", "the first"]);
	});

	it("is not what a kill left half written", () => {
		const made = keptSecret(file());
		rmSync(file());
		writeFileSync(`${file()}.1`, "half");
		expect(keptSecret(file())).not.toBe(made);
		expect(readdirSync(join(dataDir, "keys"))).toEqual(["some.key"]);
	});

	it("is not one that anybody could guess: an empty file is named", () => {
		keepKey(file(), "");
		expect(() => keptSecret(file())).toThrow(/some\.key is no secret/);
	});
});
