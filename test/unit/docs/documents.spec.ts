import { readFileSync } from "node:fs";
import { join } from "node:path";
import { errorsDocument, eventsDocument } from "../../../scripts/support/documents.ts";

const written = (name: string) => readFileSync(join(import.meta.dirname, "../../../docs", name), "utf8");

describe("the documents that tables of code stand behind", () => {
	it("docs/events.md says what the contracts and services say", async () => {
		expect(written("events.md")).toBe(await eventsDocument());
	});

	it("docs/errors.md says what the error classes and contracts say", async () => {
		expect(written("errors.md")).toBe(await errorsDocument());
	});

	it("no event of the order's chain is published to nobody", async () => {
		const unheard = (await eventsDocument()).split("\n").filter(line => line.includes("| nobody |"));
		expect(unheard).toEqual([]);
	});
});
