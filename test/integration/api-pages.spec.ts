import { Validator } from "@seriousme/openapi-schema-validator";
import { contract } from "../../broker/contract.ts";
import { runtimeOf } from "../../broker/runtime.ts";
import { ById } from "../../broker/schemas.ts";
import { User } from "../../services/users/users.contract.ts";
import { eventually } from "../support/eventually.ts";
import { gateway, type TestGateway } from "../support/gateway.ts";
import { stub } from "../support/node.ts";
import { thingService } from "../support/things.ts";

const people = contract("people", {
	get: { summary: "One", params: ById, result: User, rest: "GET /users/:id", access: "public" }
});

describe("what the gateway answers by itself", () => {
	let api: TestGateway;
	beforeAll(async () => {
		api = await gateway([thingService().schema, stub(people, { get: () => null })]);
	});
	afterAll(() => api.close());

	// checklist: 213
	it("are documents of both versions that are valid OpenAPI 3.1", async () => {
		for (const path of ["/openapi.json", "/api/v1/openapi.json", "/api/v2/openapi.json"]) {
			const { json } = await api.get(path);
			expect(json.openapi).toBe("3.1.0");
			const { errors } = await new Validator().validate(json);
			expect(errors ?? []).toEqual([]);
		}
	});

	it("documents every address there is, and none that is not", async () => {
		const documented = new Set<string>();
		for (const path of ["/api/v1/openapi.json", "/api/v2/openapi.json"])
			for (const [address, methods] of Object.entries((await api.get(path)).json.paths as Record<string, object>))
				for (const method of Object.keys(methods)) documented.add(`${method.toUpperCase()} ${address}`);
		const routed = api.api.aliases.map(({ method, fullPath }) => `${method} ${fullPath.replace(/:(\w+)/g, "{$1}")}`);
		for (const route of routed) expect(documented).toContain(route);
		for (const address of documented) {
			const [method = "", path = ""] = address.split(" ");
			expect(api.api.table.find(method, path.replace(/\{\w+\}/g, "1"))).toBeDefined();
		}
	});

	it("shows the first version's user as the first version has it", async () => {
		const schemas = async (path: string) =>
			((await api.get(path)).json.components as { schemas: Record<string, { properties: object }> }).schemas;
		expect(Object.keys((await schemas("/api/v1/openapi.json")).User!.properties)).toEqual([
			"userId",
			"fullName",
			"emailAddress"
		]);
		expect(Object.keys((await schemas("/openapi.json")).User!.properties)).toContain("email");
	});

	it("are a page to read and try the API, which fetches and runs nothing from elsewhere", async () => {
		const page = await api.get("/docs");
		expect(page.headers["content-type"]).toBe("text/html; charset=utf-8");
		const policy = page.headers["content-security-policy"] as string;
		expect(policy).toContain("default-src 'none'");
		expect(policy).toContain("script-src 'self';");
		expect(policy).not.toMatch(/https?:|\*|unsafe-eval/);
		expect(page.text).not.toMatch(/https?:\/\/|<script(?![^>]* src="\/docs\/)|<style| on\w+=/);
		const parts = [...page.text.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, path]) => path!);
		expect(parts).toHaveLength(5);
		for (const path of parts) {
			const part = await api.get(path);
			expect([path, part.status]).toEqual([path, 200]);
			expect(part.text.length).toBeGreaterThan(100);
			expect(part.headers["cache-control"]).toBe("public, max-age=3600");
		}
		const start = (await api.get("/docs/start.js")).text;
		expect(start).toContain('url: "/openapi.json"');
		expect(start).toContain("validatorUrl: null");
		expect((await api.get("/docs/../package.json")).status).toBe(404);
		expect((await api.get("/docs/index.js")).status).toBe(404);
	});

	it("are the codes of all refusals, each at the address that problem documents name", async () => {
		const { items } = (await api.get("/problems")).json as { items: { code: string; type: string; status: number }[] };
		const codes = items.map(({ code }) => code);
		expect(codes).toEqual([...codes].sort());
		for (const code of ["THING_NOT_FOUND", "NO_TOKEN", "VALIDATION_FAILED", "BODY_TOO_LARGE", "SERVICE_TIMEOUT"])
			expect(codes).toContain(code);
		const refused = await api.get("/api/v2/things/404");
		expect((await api.get(refused.json.type as string)).json).toEqual({
			type: "/problems/thing-not-found",
			code: "THING_NOT_FOUND",
			status: 404,
			title: "Thing not found"
		});
		expect((await api.get("/problems/no-such-code")).status).toBe(404);
	});

	// checklist: 118-120, 230
	it("are metrics of every request, under the names that dashboards know", async () => {
		await api.get("/api/v2/things/5");
		await api.get("/api/v2/things/404");
		await api.get("/no/such/address");
		const asked = () => ({ statements: 7, commits: 2 });
		runtimeOf(api.broker).probes.push({ name: "spec", check: () => Promise.resolve(), connections: 3, asked });
		const text = await eventually(async () => {
			const { text, headers } = await api.get("/metrics");
			expect(headers["content-type"]).toBe("text/plain; version=0.0.4; charset=utf-8");
			expect(text).toContain('http_requests_total{method="GET",endpoint="none",status="404"}');
			return text;
		});
		expect(text).toMatch(/^http_requests_total\{method="GET",endpoint="\/api\/v2\/things\/:id",status="200"\} \d+$/m);
		expect(text).toMatch(/^http_requests_total\{method="GET",endpoint="\/api\/v2\/things\/:id",status="404"\} \d+$/m);
		expect(text).toMatch(/^# TYPE http_response_time_seconds histogram$/m);
		expect(text).toMatch(
			/^http_response_time_seconds_bucket\{method="GET",endpoint="\/api\/v2\/things\/:id",le="0.1"\} \d+$/m
		);
		expect(text).toMatch(/^http_response_time_seconds_count\{method="GET",endpoint="\/api\/v2\/things\/:id"\} \d+$/m);
		expect(text).toMatch(/^active_connections\{kind="http"\} [1-9]/m);
		expect(text).toMatch(/^active_connections\{kind="database"\} 3$/m);
		expect(text).toMatch(/^moleculer_request_total\{.*action="things.get"/m);
		expect(text).toContain('souk_store_statements_total{store="spec"} 7\n');
	});
});

// checklist: 211, 212
describe("the health of a gateway's world", () => {
	it("is 200 while all is well, and 503 with the name of what is not", async () => {
		const api = await gateway([thingService().schema]);
		try {
			const well = await api.get("/health");
			expect([well.status, well.json.status]).toEqual([200, "healthy"]);
			expect(well.json.services).toEqual({ things: "up", users: "up" });
			expect(Date.parse(well.json.timestamp as string)).toBeGreaterThan(0);
			expect((await api.get("/health/ready")).json).toEqual({ status: "ready", database: "up", cache: "none" });

			let works = false;
			runtimeOf(api.broker).probes.push({
				name: "things",
				check: () => (works ? Promise.resolve() : Promise.reject(new Error("gone"))),
				connections: 1
			});
			const broken = await api.get("/health");
			expect([broken.status, broken.json.status]).toEqual([503, "unhealthy"]);
			expect(broken.json.services).toEqual({ things: "down", users: "up" });
			const unready = await api.get("/health/ready");
			expect([unready.status, unready.json]).toEqual([503, { status: "not ready", database: "down", cache: "none" }]);
			expect((await api.get("/health/live")).json).toEqual({ status: "alive" });

			works = true;
			expect((await api.get("/health")).status).toBe(200);
			await api.broker.destroyService(api.broker.getLocalService("things") as never);
			const missing = await api.get("/health");
			expect([missing.status, missing.json.services]).toEqual([503, { things: "down", users: "up" }]);
		} finally {
			await api.close();
		}
	});

	it("says no more than that it starts until everything has started", async () => {
		const api = await gateway([thingService().schema]);
		try {
			api.api.phase = "starting";
			const early = await api.get("/api/v2/things/5");
			expect([early.status, early.json.code]).toEqual([503, "NOT_READY"]);
			expect((await api.get("/nothing/yet")).status).toBe(503);
			expect(early.headers["retry-after"]).toMatch(/^[123]$/);
			const ready = await api.get("/health/ready");
			expect([ready.status, ready.json.reason]).toEqual([503, "starting"]);
			expect((await api.get("/health/live")).status).toBe(200);
		} finally {
			await api.close();
		}
	});
});
