import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { Client } from "../../scripts/support/client.ts";
import { eventually } from "../support/eventually.ts";
import { order, town, type Town } from "./support.ts";

const ROOT = join(import.meta.dirname, "../..");

let it_: Town;
beforeAll(async () => {
	it_ = await town();
});
afterAll(() => it_.souk.close());

interface Event {
	seq: number;
	type: string;
	subject: string;
}

describe("the stream of events", () => {
	/** Follows the stream behind a place, each connection at another gateway, until `enough`. */
	async function follow(after: number, enough: (seen: Event[]) => boolean): Promise<Event[]> {
		const seen: Event[] = [];
		for (let turn = 0; !enough(seen); turn++) {
			const gateway = new Client(it_.souk.gateways[turn % it_.souk.gateways.length]!);
			const path = `/admin/events/stream?after=${seen.at(-1)?.seq ?? after}`;
			for await (const { data } of gateway.follow(path, it_.admin)) {
				seen.push(data as unknown as Event);
				// Every third event another connection goes on where this one was left.
				if (seen.length % 3 === 0 || enough(seen)) break;
			}
		}
		return seen;
	}

	it("tells of all that an order led to, once each, whichever gateway is asked and however often it is asked anew", async () => {
		const newest = async () => {
			const { body } = await it_.client.ask<{ items: Event[] }>("/admin/events?limit=1", { token: it_.admin });
			return body.items[0]?.seq ?? 0;
		};
		const before = await newest();
		const { id } = await order(it_, {});
		const seen = await follow(before, events =>
			events.some(({ type, subject }) => type === "order.confirmed" && subject === `order/${id}`)
		);
		const own = seen.filter(({ subject }) => subject === `order/${id}`).map(({ type }) => type);
		expect(own.toSorted()).toEqual(
			[
				"inventory.committed",
				"inventory.reserved",
				"order.confirmed",
				"order.created",
				"payment.authorized",
				"payment.captured",
				"shipment.created"
			].filter(type => own.includes(type))
		);
		expect(own).toContain("order.created");
		expect(new Set(seen.map(({ seq }) => seq)).size).toBe(seen.length);
	});
});

describe("the console", () => {
	it("is served with all that it needs, under a policy that lets nothing in from elsewhere", async () => {
		const fetched = new Map<string, Response>();
		const get = async (path: string): Promise<string> => {
			const response = await fetch(it_.souk.url + path);
			fetched.set(path, response);
			return response.text();
		};
		const page = await get("/console");
		const wanted = [...page.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, path]) => path!);
		for (const path of wanted) {
			if (fetched.has(path)) continue;
			const text = await get(path);
			for (const [, name] of text.matchAll(/from "\.\/([^"]+)"/g)) wanted.push(`/console/${name}`);
		}
		expect([...fetched.keys()]).toEqual(
			expect.arrayContaining(["/console/style.css", "/console/app.js", "/console/flow.js", "/console/preact.mjs"])
		);
		for (const [path, { status, headers }] of fetched) {
			expect([path, status]).toEqual([path, 200]);
			expect(headers.get("content-security-policy")).toContain(
				"default-src 'none'; script-src 'self'; style-src 'self';"
			);
		}
		expect((await fetch(`${it_.souk.url}/console/tsconfig.json`)).status).toBe(404);
	});
});

describe("npm run explain", () => {
	const explain = (...args: string[]): Promise<{ code: number; said: string }> =>
		new Promise(resolve => {
			const command = ["scripts/explain.ts", "--url", it_.souk.url, ...args];
			const options = { cwd: ROOT, env: { PATH: process.env.PATH } };
			execFile(join(ROOT, "node_modules/.bin/node"), command, options, (error, out, err) =>
				resolve({ code: Number(error?.code ?? 0), said: out + err })
			);
		});
	/** How deep a line stands whose words are these. */
	const depthOf = (said: string, words: string): number => {
		const line = said.split("\n").find(text => text.includes(words));
		return line === undefined ? -1 : line.indexOf(words);
	};

	it("tells of an order, by its number, what each service did and what led to it", async () => {
		const { id } = await order(it_, { flow: "choreographed" });
		await eventually(async () => {
			const { code, said } = await explain(String(id));
			expect([code, said]).toEqual([0, expect.stringMatching(new RegExp(`^order ${id} · request .* · 0 failed`))]);
			const chain = [
				"order.created",
				"inventory.reserved",
				"payment.authorized",
				"shipment.created",
				"payment.captured"
			];
			const depths = chain.map(type => depthOf(said, `${type}  order/${id}`));
			expect(depths[0]).toBeGreaterThan(0);
			expect(depths).toEqual(depths.toSorted((a, b) => a - b));
			expect(new Set(depths).size).toBe(depths.length);
		});
	});

	it("tells of a request, by its id, what failed and what was taken back", async () => {
		const requestId = `explain-${randomUUID()}`;
		const { body } = await it_.client.ask<{ id: number }>("/orders", {
			method: "POST",
			token: it_.alice,
			key: requestId,
			headers: { "x-request-id": requestId, prefer: "wait=10" },
			body: { items: [{ productId: 101, quantity: 1 }], payment: { token: "tok_declined" }, flow: "orchestrated" }
		});
		await eventually(async () => {
			const { code, said } = await explain(requestId);
			expect([code, said]).toEqual([0, expect.stringContaining(`order ${body.id} · request ${requestId}`)]);
			expect(said).toMatch(/✗ step payments\.authorize +PAYMENT_DECLINED/);
			expect(said).toMatch(/← step inventory\.release\b/);
			expect(said).toContain(`← inventory.released  order/${body.id}`);
			expect(said).toContain(`order.cancelled  order/${body.id}`);
			expect(said.indexOf("✗ step payments.authorize")).toBeLessThan(said.indexOf("← step inventory.release"));
		});
	});

	it("says what it does not know, and what it needs", async () => {
		expect(await explain("no-such-request")).toEqual({ code: 1, said: "Nothing is known of no-such-request.\n" });
		expect(await explain()).toEqual({
			code: 2,
			said: expect.stringContaining("npm run explain -- <order number") as string
		});
		expect(await explain("1", "--email", "nobody@souk.test")).toEqual({
			code: 2,
			said: expect.stringContaining("nobody@souk.test cannot log in") as string
		});
		expect(await explain("1", "--url", "http://127.0.0.1:9")).toEqual({
			code: 2,
			said: expect.stringContaining("Nothing answers at http://127.0.0.1:9") as string
		});
	});
});
