import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { mapDocument } from "../../../scripts/support/map.ts";
import { errorsDocument, eventsDocument } from "../../../scripts/support/documents.ts";

const root = join(import.meta.dirname, "../../..");
const written = (name: string) => readFileSync(join(root, "docs", name), "utf8");

describe("the documents that tables of code stand behind", () => {
	it("docs/events.md says what the contracts and services say", async () => {
		expect(written("events.md")).toBe(await eventsDocument());
	});

	it("docs/errors.md says what the error classes and contracts say", async () => {
		expect(written("errors.md")).toBe(await errorsDocument());
	});

	// checklist: 20-22, 143
	it("docs/map.md draws and lists what goes through the gateway, between services and by events", async () => {
		const map = written("map.md");
		expect(map).toBe(await mapDocument());
		expect(map).toContain('client -->|"HTTP"| api');
		expect(map).toContain('api -->|"/orders<br>/users<br>/admin<br>/returns"| orders');
		expect(map).toContain('orders -->|"release<br>reserve<br>commit<br>takeBack"| inventory');
		expect(map).toContain('orders -.->|"order.cancelled<br>order.confirmed');
		expect(map).toMatch(/^\| orders \| `users.contact` \| id \| id, name, email, phone, language \|$/m);
	});

	it("no event of the order's chain is published to nobody", async () => {
		const unheard = (await eventsDocument()).split("\n").filter(line => line.includes("| nobody |"));
		expect(unheard).toEqual([]);
	});
});

describe("docs/choices.md", () => {
	const page = written("choices.md");
	const section = (heading: string) => page.split(/^## /m).find(part => part.startsWith(heading)) ?? "";
	const rowsOf = (heading: string) => section(heading).match(/^\|.*\|$/gm) ?? [];

	// checklist: 70, 101, 127, 161
	it("says when to call, when to publish, who conducts, when services are wrong, and what they cost", () => {
		expect(rowsOf("Call or publish")[0]).toBe("| | call | publish |");
		expect(rowsOf("Conduct or follow")[0]).toBe("| | orchestrated | choreographed |");
		for (const heading of ["Call or publish", "Conduct or follow"]) expect(rowsOf(heading).length).toBeGreaterThan(6);
		expect(section("When services are the wrong choice").match(/^- /gm)?.length).toBeGreaterThan(3);
		expect(rowsOf("What it costs").map(row => row.split("|")[1]!.trim())).toEqual(
			expect.arrayContaining(["complexity", "latency", "consistency", "debugging"])
		);
	});

	it("speaks of actions, events and files that there are", async () => {
		const said = [...page.matchAll(/`([a-z]+\.[a-zA-Z_]+)`/g)].map(([, name]) => name!);
		const [actions, events] = [await mapDocument(), await eventsDocument()];
		expect(said.length).toBeGreaterThan(10);
		expect(said.filter(name => !actions.includes(`\`${name}\``) && !events.includes(`\`${name}\``))).toEqual([]);
		const files = [...page.matchAll(/\]\(([^)]+)\)|`(services\/[^`]+)`/g)];
		for (const [, link, path] of files) expect(existsSync(join(root, link ? `docs/${link}` : path!))).toBe(true);
	});
});
