import { readFileSync } from "node:fs";
import { join } from "node:path";
import { eventually } from "../support/eventually.ts";
import { town, type Town } from "./support.ts";

const everybody = [
	"api",
	"audit",
	"console",
	"inventory",
	"notifications",
	"orders",
	"payments",
	"products",
	"shipping",
	"tasks",
	"users"
];

interface Line {
	svc?: string;
	requestId?: string;
	[field: string]: unknown;
}

describe("a process that is watched", () => {
	let it_: Town;
	beforeAll(async () => {
		it_ = await town({ LOG_LEVEL: "info" });
	});
	afterAll(() => it_.souk.close());

	const logged = (): Line[] =>
		readFileSync(join(it_.souk.folder, "log"), "utf8")
			.split("\n")
			// A launcher says before each line which process it is from.
			.map(line => line.replace(/^[^{]*(?=\{)/, ""))
			.filter(line => line.startsWith("{"))
			.map(line => JSON.parse(line) as Line);
	const ask = (path: string, id: string) => it_.client.ask(path, { headers: { "x-request-id": id } });
	/** The samples of a metric by service, added up. */
	async function metric(name: string): Promise<Map<string, number>> {
		const text = await (await fetch(`${it_.souk.url}/metrics`)).text();
		const sums = new Map<string, number>();
		for (const [, labels, value] of text.matchAll(new RegExp(`^${name}(?:\\{(.*)\\})? (\\S+)$`, "gm"))) {
			const service = /service="(\w+)"/.exec(labels ?? "")?.[1] ?? "";
			sums.set(service, (sums.get(service) ?? 0) + Number(value));
		}
		return sums;
	}

	// checklist: 14, 203
	it("logs each request with its id, its address and how it ended, and keeps the query to itself", async () => {
		await ask("/products/101", "good-request");
		await ask("/products/999999?after=secret-canary", "bad-request");
		await eventually(() => {
			const lines = logged().filter(({ requestId }) => requestId?.endsWith("-request"));
			const request = { svc: "api", method: "GET", ms: expect.any(Number) as number };
			expect(lines).toMatchObject([
				{ ...request, requestId: "good-request", path: "/api/v1/products/101", status: 200 },
				{ ...request, requestId: "bad-request", path: "/api/v1/products/999999", status: 400 }
			]);
		});
		expect(readFileSync(join(it_.souk.folder, "log"), "utf8")).not.toContain("secret-canary");
	});

	// checklist: 228, 240
	it("logs lines of JSON that name the service they come from", () => {
		const services = new Set(logged().flatMap(({ svc }) => svc ?? []));
		expect([...services].sort()).toEqual(everybody);
		for (const line of logged())
			expect(line).toMatchObject({
				level: expect.any(Number) as number,
				time: expect.any(Number) as number,
				msg: expect.any(String) as string
			});
	});

	// checklist: 105, 156, 194
	it("names every service, what it answers to, and where each of its processes tells how it does", async () => {
		interface Registered {
			name: string;
			routes: string[];
			instances: { node: string; host: string; health: string }[];
		}
		const ask = (token: string) => it_.client.ask<{ items: Registered[] }>("/admin/services", { token });
		expect((await ask(it_.staff)).status).toBe(403);
		const { items } = (await ask(it_.admin)).body;
		expect(items.map(({ name }) => name)).toEqual(everybody);
		const routesOf = (service: string) => items.find(({ name }) => name === service)!.routes;
		expect(routesOf("users")).toEqual(expect.arrayContaining(["POST /auth/login", "GET /users/:id"]));
		expect(routesOf("tasks")).toEqual(expect.arrayContaining(["GET /tasks", "POST /categories"]));
		expect(routesOf("notifications")).toContain("GET /notifications/:id");
		for (const { instances } of items) {
			expect(instances.length).toBeGreaterThan(0);
			for (const { health } of instances) expect([health, (await fetch(health)).status]).toEqual([health, 200]);
		}
	});

	// checklist: 231
	it("counts each service's calls, and those that failed", async () => {
		const [calls, errors] = [await metric("moleculer_request_total"), await metric("moleculer_request_error_total")];
		for (const id of [101, 102, 999_999]) await it_.client.ask(`/products/${id}`);
		const since = async (name: string, before: Map<string, number>, service: string) =>
			((await metric(name)).get(service) ?? 0) - (before.get(service) ?? 0);
		expect(await since("moleculer_request_total", calls, "products")).toBe(3);
		expect(await since("moleculer_request_error_total", errors, "products")).toBe(1);
		expect(await since("moleculer_request_error_total", errors, "users")).toBe(0);
	});

	// checklist: 233
	it("tells what it uses of memory, processor and connections", async () => {
		for (const name of ["process_memory_rss", "process_memory_heap_size_used", "os_memory_total", "active_connections"])
			expect([name, [...(await metric(name)).values()][0]! > 0]).toEqual([name, true]);
		expect([...(await metric("os_cpu_utilization")).values()][0]).toBeGreaterThanOrEqual(0);
	});
});
