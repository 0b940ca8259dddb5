import { Agent, ServerResponse } from "node:http";
import { contract, describe as descriptionsOf } from "../../broker/contract.ts";
import { ById } from "../../broker/schemas.ts";
import { Admission } from "../../services/api/admission.ts";
import { User } from "../../services/users/users.contract.ts";
import { eventually } from "../support/eventually.ts";
import { gateway, type TestGateway } from "../support/gateway.ts";
import { stub } from "../support/node.ts";
import { thingService } from "../support/things.ts";

const people = contract("people", {
	get: { summary: "One", params: ById, result: User, rest: "GET /users/:id", access: "public" }
});
const alice = {
	id: 1,
	name: "Alice",
	email: "alice@souk.test",
	roles: ["customer" as const],
	createdAt: "2026-01-01T00:00:00.000Z",
	updatedAt: "2026-01-01T00:00:00.000Z",
	version: 4
};
const orders = contract("orders", {
	get: { summary: "One", params: ById, result: User, rest: "GET /orders/:id", access: "public" }
});

describe("a request through the gateway", () => {
	const { schema, asked, hold } = thingService();
	let api: TestGateway;
	beforeAll(async () => {
		const answers = { get: () => alice };
		api = await gateway([schema, stub(people, answers), stub(orders, answers)], {
			CORS_ORIGINS: "https://shop.example, http://localhost:3000"
		});
	});
	afterAll(() => api.close());
	beforeEach(() => {
		asked.length = 0;
		hold.until = Promise.resolve();
	});
	const signed = (more: Record<string, string> = {}) => ({ "idempotency-key": "12345678", ...more });
	const create = async (headers: Record<string, string> = {}, body: unknown = { name: "A" }) =>
		api.send("POST", "/api/v2/things", { headers: { ...(await api.bearer(1)), ...signed(headers) }, body });

	// checklist: 11, 16, 31, 40
	it("is answered in both versions by the action that the contract names", async () => {
		for (const version of ["v1", "v2"]) {
			const reply = await api.get(`/api/${version}/things/5`);
			expect(reply.status).toBe(200);
			expect(reply.json).toEqual({ id: 5, name: "Thing 5", version: 3 });
		}
		expect(asked.map(({ action, params }) => [action, params])).toEqual([
			["things.get", { id: 5 }],
			["things.get", { id: 5 }]
		]);
	});

	// checklist: 80, 81, 202
	it("gets a user in the shape of its version, and is told that the first is fading", async () => {
		const [first, second] = await Promise.all([api.get("/api/v1/users/1"), api.get("/api/v2/users/1")]);
		expect(first.json).toEqual({ userId: 1, fullName: "Alice", emailAddress: "alice@souk.test" });
		expect(first.headers).toMatchObject({
			deprecation: "@1796083200",
			sunset: "Wed, 01 Dec 2027 00:00:00 GMT",
			link: '</api/v2/users/1>; rel="successor-version"',
			etag: '"4"'
		});
		expect(second.json).toEqual(alice);
		expect(second.headers.deprecation).toBeUndefined();
		const refused = await api.get("/api/v1/things/404");
		expect(refused.headers).toMatchObject({ deprecation: "@1796083200" });
	});

	// checklist: 77, 145, 146, 149
	it("finds what earlier systems had where they had it", async () => {
		expect((await api.get("/users/1")).json).toEqual(alice);
		expect((await api.get("/api/users/1")).json).toEqual({ service: "user-service", data: alice });
		expect((await api.get("/api/orders/1")).json).toEqual({ service: "order-service", data: alice });
		expect((await api.get("/things/1")).status).toBe(404);
	});

	it("is called by its client's name for it, or by a new one, in every answer", async () => {
		const named = await api.get("/api/v2/things/5", { "x-request-id": "my-request-1" });
		expect(named.headers["x-request-id"]).toBe("my-request-1");
		expect(asked[0]!.requestId).toBe("my-request-1");
		const refused = await api.get("/nowhere", { "x-request-id": "x".repeat(3_000) });
		expect(refused.headers["x-request-id"]).toMatch(/^[\da-f-]{36}$/);
		expect(refused.json.requestId).toBe(refused.headers["x-request-id"]);
	});

	it("passes its trace on, or begins one", async () => {
		const traceId = "4bf92f3577b34da6a3ce929d0e0e4736";
		await api.get("/api/v2/things/5", { traceparent: `00-${traceId}-00f067aa0ba902b7-00` });
		await api.get("/api/v2/things/5");
		expect(asked[0]!.traceparent).toMatch(new RegExp(`^00-${traceId}-[\\da-f]{16}-01$`));
		expect(asked[1]!.traceparent).toMatch(/^00-[\da-f]{32}-[\da-f]{16}-01$/);
		expect(asked[1]!.traceparent).not.toContain(traceId);
	});

	it("hands query parameters on as text, and the service makes of them what its contract says", async () => {
		await api.get("/api/v2/things?limit=5&after=7&name=a%20b");
		expect(asked[0]!.params).toEqual({ limit: 5, after: 7, name: "a b" });
	});

	it("is pointed to the next page of a list, with its filters", async () => {
		const page = await api.get("/api/v2/things?limit=1&name=x&after=3");
		expect(page.headers.link).toBe('</api/v2/things?limit=1&name=x&after=4>; rel="next"');
		expect((await api.get("/api/v2/things?limit=2")).headers.link).toBeUndefined();
		const first = await api.get("/api/v1/things?limit=1");
		expect(first.all("link")).toEqual([
			'</api/v2/things>; rel="successor-version"',
			'</api/v1/things?limit=1&after=1>; rel="next"'
		]);
	});

	// checklist: 41, 42
	it("learns where what it created is found, and gets no body where there is nothing to say", async () => {
		const created = await create();
		expect(created.status).toBe(201);
		expect(created.headers.location).toBe("/api/v2/things/7");
		const part = await api.send("POST", "/api/v2/things/3/parts", { body: { name: "P" } });
		expect([part.status, part.headers.location]).toEqual([201, undefined]);
		const removed = await api.send("DELETE", "/api/v2/things/5", { headers: await api.bearer(2, "staff") });
		expect([removed.status, removed.text, removed.headers["content-type"]]).toEqual([204, "", undefined]);
	});

	it("gets a resource's version as its ETag, and nothing when it has that", async () => {
		const { headers } = await api.get("/api/v2/things/5");
		expect(headers.etag).toBe('"3"');
		const known = await api.get("/api/v2/things/5", { "if-none-match": headers.etag! });
		expect([known.status, known.text, known.headers.etag]).toEqual([304, "", '"3"']);
		expect((await api.get("/api/v2/things/5", { "if-none-match": '"2"' })).status).toBe(200);
		expect((await api.get("/api/v2/things?limit=2")).headers.etag).toBeUndefined();
	});

	it("changes a resource only as long as it is what the client thinks it is", async () => {
		const put = async (ifMatch: string) =>
			api.send("PUT", "/api/v2/things/5", {
				headers: { ...(await api.bearer(2, "staff")), "if-match": ifMatch },
				body: { name: "B" }
			});
		expect((await put('"3"')).status).toBe(200);
		expect((await put("*")).status).toBe(200);
		const stale = await put('"2"');
		expect([stale.status, stale.json.code]).toEqual([412, "VERSION_CONFLICT"]);
		expect(asked.map(({ headers }) => headers["if-match"])).toEqual(["3", undefined, "2"]);
		for (const bad of ["3", 'W/"3"', '"3", "4"']) {
			const refused = await put(bad);
			expect([refused.status, refused.json.code]).toEqual([400, "IF_MATCH_MALFORMED"]);
		}
		expect(asked).toHaveLength(3);
	});

	it("carries one key, bare or quoted, and is told when the answer is an old one", async () => {
		expect((await create({ "idempotency-key": "bare-key-1" })).headers["idempotency-replayed"]).toBeUndefined();
		await create({ "idempotency-key": '"quoted \\" key"'.replaceAll(" ", "-") });
		expect(asked.map(({ headers }) => headers["idempotency-key"])).toEqual(["bare-key-1", 'quoted-"-key']);
		const replayed = await create({ "idempotency-key": "replayed-key" });
		expect([replayed.status, replayed.headers["idempotency-replayed"]]).toEqual([201, "true"]);
	});

	it("does not carry a key to what knows none", async () => {
		await api.get("/api/v2/things/5", { "idempotency-key": "12345678", "if-match": "not looked at" });
		expect(asked[0]!.headers).toEqual({});
	});

	it("waits for the outcome where there is one to wait for, and is told for how long", async () => {
		const waiting = await create({ prefer: "respond-async, wait=3" });
		expect(waiting.headers["preference-applied"]).toBe("wait=3");
		expect(waiting.json.name).toBe("Outcome");
		expect(asked.map(({ action }) => action)).toEqual(["things.create", "things.outcome"]);
		expect(asked[1]!.params).toEqual({ id: 7, waitMs: 3_000 });
		const long = await create({ prefer: "wait=100" });
		expect(long.headers["preference-applied"]).toBe("wait=10");
		const reading = await api.get("/api/v2/things/5", { prefer: "wait=3" });
		expect(reading.headers["preference-applied"]).toBeUndefined();
		expect(asked.at(-1)!.action).toBe("things.get");
	});

	it("does not wait when too many do, and is not told that it did", async () => {
		api.api.admission = new Admission({ waiting: 0 });
		const begun = await create({ prefer: "wait=3" });
		api.api.admission = new Admission();
		expect([begun.status, begun.json.name, begun.headers["preference-applied"]]).toEqual([201, "Thing 7", undefined]);
		expect(asked.map(({ action }) => action)).toEqual(["things.create"]);
	});

	it("is answered with what was begun when nobody can tell what became of it", async () => {
		const begun = await create({ prefer: "wait=1" });
		expect([begun.status, begun.json.name]).toEqual([201, "Thing 7"]);
	});

	it("reaches a webhook as the bytes it was sent as, with its signature", async () => {
		const body = '{"b": 1,   "a": "é"}\n';
		const headers = { "content-type": "application/json", "souk-signature": "t=1,v1=abc" };
		const reply = await api.send("POST", "/api/v2/hooks/things", { headers, body });
		expect(reply.status).toBe(202);
		expect(reply.json).toEqual({ raw: body, signature: "t=1,v1=abc" });
		const unsigned = await api.send("POST", "/api/v2/hooks/things", {
			headers: { "content-type": "application/json" },
			body: "{}"
		});
		expect(unsigned.json).toEqual({ raw: "{}", signature: "" });
	});

	it("may ask for the head alone", async () => {
		const full = await api.get("/api/v2/things/5");
		const head = await api.send("HEAD", "/api/v2/things/5");
		expect([head.status, head.text]).toEqual([200, ""]);
		expect(head.headers["content-length"]).toBe(full.headers["content-length"]);
		expect(head.headers.etag).toBe('"3"');
		const missing = await api.send("HEAD", "/api/v2/things/404");
		expect([missing.status, missing.text]).toEqual([404, ""]);
	});

	it("may ask what an address answers to", async () => {
		const options = await api.send("OPTIONS", "/api/v2/things/5");
		expect([options.status, options.headers.allow, options.text]).toEqual([204, "GET, HEAD, PUT, DELETE, OPTIONS", ""]);
		expect((await api.send("OPTIONS", "/nowhere")).status).toBe(404);
	});

	// checklist: 204
	it("from a page of a listed origin may be read by that page, and by no other", async () => {
		const origin = "https://shop.example";
		const reply = await api.get("/api/v2/things/5", { origin });
		expect(reply.headers).toMatchObject({ "access-control-allow-origin": origin, vary: "Origin" });
		expect(reply.headers["access-control-expose-headers"]).toMatch(/ETag.*Location.*RateLimit/);
		const preflight = await api.send("OPTIONS", "/api/v2/things/5", {
			headers: { origin, "access-control-request-method": "PUT", "access-control-request-headers": "if-match" }
		});
		expect(preflight.status).toBe(204);
		expect(preflight.headers["access-control-allow-methods"]).toContain("PUT");
		expect(preflight.headers["access-control-allow-headers"]).toContain("Idempotency-Key");
		const others = [
			"https://shop.example.evil.test",
			"https://shop.exampl",
			"https://example",
			"http://shop.example",
			"null",
			"*"
		];
		for (const other of others) {
			const refused = await api.get("/api/v2/things/5", { origin: other });
			expect(refused.headers["access-control-allow-origin"]).toBeUndefined();
			expect(refused.headers.vary).toBe("Origin");
		}
	});

	it("is answered with headers that leave a browser nothing to do, and without our name", async () => {
		const { headers } = await api.get("/api/v2/things/5");
		expect(headers).toMatchObject({
			"x-content-type-options": "nosniff",
			"x-frame-options": "DENY",
			"referrer-policy": "no-referrer",
			"content-security-policy": "default-src 'none'; frame-ancestors 'none'",
			"strict-transport-security": "max-age=31536000; includeSubDomains",
			"cross-origin-resource-policy": "same-origin"
		});
		expect(headers["x-powered-by"]).toBeUndefined();
		expect(headers.server).toBeUndefined();
	});

	it("may be the last of its connection", async () => {
		api.api.server.maxRequestsPerSocket = 2;
		const agent = new Agent({ keepAlive: true, maxSockets: 1 });
		try {
			const closing: unknown[] = [];
			for (let request = 0; request < 4; request++) {
				const reply = await api.send("GET", "/api/v2/things/5", { agent });
				expect(reply.status).toBe(200);
				closing.push(reply.headers.connection);
			}
			expect(closing).toEqual(["keep-alive", "close", "keep-alive", "close"]);
		} finally {
			agent.destroy();
			api.api.server.maxRequestsPerSocket = 1_000;
		}
	});
});

describe("a gateway", () => {
	// checklist: 29, 195
	it("learns a service that is added later, and answers 503 for one that has gone and 200 for the others", async () => {
		const api = await gateway([stub(people, { get: () => alice })]);
		try {
			expect((await api.get("/api/v2/things/5")).status).toBe(404);
			const service = api.broker.createService(thingService().schema);
			await eventually(async () => expect((await api.get("/api/v2/things/5")).status).toBe(200));
			await api.broker.destroyService(service as never);
			const gone = await api.get("/api/v2/things/6");
			expect(gone.status).toBe(503);
			expect(gone.json).toMatchObject({ code: "SERVICE_UNAVAILABLE", error: "Thing service unavailable" });
			expect(gone.headers["retry-after"]).toMatch(/^[123]$/);
			expect((await api.get("/api/v2/users/1")).status).toBe(200);
		} finally {
			await api.close();
		}
	});

	it("asks a service again that could not say what it does, and serves the others meanwhile", async () => {
		const { schema } = thingService();
		let asked = 0;
		const shy = {
			...schema,
			name: "shy",
			actions: {
				contract: {
					describes: true,
					handler() {
						if (++asked === 1) throw new Error("not now");
						return descriptionsOf(contract("shy", { get: { ...people.actions.get, rest: "GET /shy/:id" } }));
					}
				}
			}
		};
		const api = await gateway([schema, shy as never]);
		try {
			expect((await api.get("/api/v2/things/5")).status).toBe(200);
			// Known now, and still without the action itself.
			await eventually(async () => expect((await api.get("/api/v2/shy/1")).json.code).toBe("SERVICE_UNAVAILABLE"));
			expect(asked).toBeGreaterThan(1);
		} finally {
			await api.close();
		}
	});

	it("hangs up on what it cannot even answer with a problem, and goes on", async () => {
		const api = await gateway([thingService().schema]);
		const head = jest.spyOn(ServerResponse.prototype, "writeHead").mockImplementation(() => {
			throw new TypeError("Invalid character in header content");
		});
		const logged = jest.spyOn(api.api.logger, "error");
		try {
			await expect(api.get("/api/v2/things/5")).rejects.toThrow("socket hang up");
			expect(logged).toHaveBeenLastCalledWith(expect.stringContaining("could not be answered"), expect.any(TypeError));
			head.mockRestore();
			expect((await api.get("/api/v2/things/5")).status).toBe(200);
		} finally {
			head.mockRestore();
			await api.close();
		}
	});

	it("gives an address that two services want to one of them, always the same", async () => {
		const other = contract("zzz", {
			get: { summary: "One", params: ById, result: User, rest: "GET /things/:id", access: "public" }
		});
		for (const services of [
			[thingService().schema, stub(other, { get: () => alice })],
			[stub(other, { get: () => alice }), thingService().schema]
		]) {
			const api = await gateway(services);
			expect((await api.get("/api/v2/things/5")).json.name).toBe("Thing 5");
			await api.close();
		}
	});
});
