import { gateway, type Reply, type TestGateway } from "../support/gateway.ts";
import { thingService } from "../support/things.ts";

const JSON_BODY = { "content-type": "application/json" };
const LIMIT = 100 * 1024;

describe("a request that is refused", () => {
	const { schema, asked } = thingService();
	let api: TestGateway;
	beforeAll(async () => {
		api = await gateway([schema]);
	});
	afterAll(() => api.close());
	beforeEach(() => {
		asked.length = 0;
	});

	const post = async (body: unknown, headers: Record<string, string> = {}, path = "/api/v2/things"): Promise<Reply> =>
		api.send("POST", path, { headers: { ...(await api.bearer(1)), "idempotency-key": "12345678", ...headers }, body });
	const problem = ({ status, json, headers }: Reply) => {
		expect(headers["content-type"]).toBe("application/problem+json; charset=utf-8");
		expect(headers["cache-control"]).toBe("no-store");
		expect(json).toMatchObject({ status, requestId: headers["x-request-id"] });
		expect(json.type).toBe(`/problems/${String(json.code).toLowerCase().replaceAll("_", "-")}`);
		return json;
	};

	// checklist: 43, 46, 203, 205
	it("is told what is wrong as a problem document", async () => {
		const reply = await api.get("/api/v2/things/404");
		expect(problem(reply)).toEqual({
			type: "/problems/thing-not-found",
			title: "Thing not found",
			status: 404,
			detail: "There is no thing 404",
			instance: "/api/v2/things/404",
			code: "THING_NOT_FOUND",
			requestId: reply.headers["x-request-id"]
		});
	});

	it("is told every flaw of its parameters, and where", async () => {
		const reply = await post({ name: "", of: { size: "big", color: 1 }, extra: true });
		expect(problem(reply)).toMatchObject({ status: 400, code: "VALIDATION_FAILED", title: "Validation failed" });
		expect((reply.json.errors as { pointer: string }[]).map(({ pointer }) => pointer).sort()).toEqual([
			"/extra",
			"/name",
			"/of/color",
			"/of/size"
		]);
		expect((await api.get("/api/v2/things?limit=1000")).json.errors).toMatchObject([{ pointer: "/limit" }]);
		expect((await api.get("/api/v2/things?populate=secret")).json.errors).toMatchObject([{ pointer: "/populate" }]);
		expect(asked).toEqual([]);
	});

	it("went to no address there is, or with a method it does not know", async () => {
		expect(problem(await api.get("/api/v2/nothing"))).toMatchObject({ status: 404, code: "ROUTE_NOT_FOUND" });
		const patch = await api.send("PATCH", "/api/v2/things/5", { body: {} });
		expect(problem(patch)).toMatchObject({ status: 405, code: "METHOD_NOT_ALLOWED" });
		expect(patch.headers.allow).toBe("GET, HEAD, PUT, DELETE, OPTIONS");
		expect(problem(await api.send("POST", "/health", { body: {} }))).toMatchObject({ status: 405 });
	});

	it.each([
		["no content type", {}, "{}"],
		["text", { "content-type": "text/plain" }, "{}"],
		["a form", { "content-type": "application/x-www-form-urlencoded" }, "name=a"],
		["a part of a form", { "content-type": "multipart/form-data; boundary=x" }, "--x--"],
		["another charset", { "content-type": "application/json; charset=latin1" }, "{}"],
		["something like JSON", { "content-type": "application/json-seq" }, "{}"],
		["a compressed body", { ...JSON_BODY, "content-encoding": "gzip" }, "{}"]
	])("is sent with %s", async (_, headers, body) => {
		expect(problem(await post(body, headers as Record<string, string>))).toMatchObject({
			status: 415,
			code: "MEDIA_TYPE_NOT_SUPPORTED"
		});
		expect(asked).toEqual([]);
	});

	it("may say UTF-8 in any case", async () => {
		expect((await post('{"name":"A"}', { "content-type": 'Application/JSON; Charset="UTF-8"' })).status).toBe(201);
	});

	it("has a body that is too long, whether it says so or not", async () => {
		const body = (length: number) => JSON.stringify({ name: "x".repeat(length - 11) });
		expect(problem(await post(body(LIMIT + 1), JSON_BODY))).toMatchObject({ status: 413, code: "BODY_TOO_LARGE" });
		expect(problem(await post(body(LIMIT), JSON_BODY))).toMatchObject({ status: 400, code: "VALIDATION_FAILED" });
		const chunked = await fetch(`http://127.0.0.1:${api.port}/api/v2/things/1/parts`, {
			method: "POST",
			headers: JSON_BODY,
			duplex: "half",
			body: new ReadableStream({
				start(controller) {
					for (let piece = 0; piece < 30; piece++) controller.enqueue(new TextEncoder().encode("x".repeat(10_000)));
					controller.close();
				}
			})
		} as RequestInit);
		expect(chunked.status).toBe(413);
		expect(asked).toEqual([]);
	});

	it.each([
		['{"name": }', { pointer: "/name", detail: 'Unexpected "}" at line 1, column 10 (position 9)' }],
		['{"name": "a"', { pointer: "", detail: "Unexpected end at line 1, column 13 (position 12)" }],
		['{"name": "a", "name": "b"}', { pointer: "/name", detail: "is given twice" }],
		[
			'{"name": "a", "of": {"__proto__": {"size": 1}}}',
			{ pointer: "/of/__proto__", detail: "is a name that is not allowed" }
		],
		[
			'{"constructor": {"prototype": {"admin": true}}}',
			{ pointer: "/constructor", detail: "is a name that is not allowed" }
		],
		["[]", { pointer: "", detail: "is not a JSON object" }],
		["null", { pointer: "", detail: "is not a JSON object" }],
		['"text"', { pointer: "", detail: "is not a JSON object" }]
	])("has the body %s", async (body, flaw) => {
		const reply = await post(body, JSON_BODY);
		expect(problem(reply)).toMatchObject({ status: 400, code: "BODY_MALFORMED" });
		expect(reply.json.errors).toEqual([flaw]);
		expect(asked).toEqual([]);
		expect(({} as { admin?: boolean }).admin).toBeUndefined();
	});

	it("has a body that is nested without end, or is not UTF-8", async () => {
		expect((await post("[".repeat(90_000), JSON_BODY)).json.errors).toMatchObject([
			{ detail: "is nested more than 32 levels deep" }
		]);
		const reply = await fetch(`http://127.0.0.1:${api.port}/api/v2/things/1/parts`, {
			method: "POST",
			headers: JSON_BODY,
			body: Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x7d])
		});
		expect(await reply.json()).toMatchObject({ status: 400, errors: [{ pointer: "", detail: "is not UTF-8" }] });
	});

	it("says in its body or query what its path says already", async () => {
		expect((await post({ id: 2, name: "A" }, {}, "/api/v2/things/1/parts")).json.errors).toEqual([
			{ pointer: "/id", detail: "is given by the path already" }
		]);
		expect((await api.get("/api/v2/things/1?id=2")).json).toMatchObject({
			status: 400,
			code: "QUERY_MALFORMED",
			errors: [{ parameter: "id", detail: "is given by the path already" }]
		});
		expect(asked).toEqual([]);
	});

	it("has a query that is nested, repeated, badly encoded, or has no place there", async () => {
		for (const query of ["name[gt]=1", "name=1&name=2", "name=%zz", "__proto__=1", "name[]=1"])
			expect(problem(await api.get(`/api/v2/things?${query}`))).toMatchObject({ status: 400, code: "QUERY_MALFORMED" });
		expect((await post({ name: "A" }, {}, "/api/v2/things?name=B")).json.errors).toEqual([
			{ parameter: "name", detail: "is not part of this request" }
		]);
		expect(problem(await api.get("/api/v2/things/%E0%A4%A"))).toMatchObject({ status: 400, code: "PATH_MALFORMED" });
		expect(asked).toEqual([]);
	});

	it("reads without a body: what a GET or DELETE carries is not looked at", async () => {
		expect(
			(await api.send("GET", "/api/v2/things/5", { body: "broken", headers: { "content-type": "text/plain" } })).status
		).toBe(200);
		const headers = { ...(await api.bearer(1, "staff")), "content-type": "text/plain" };
		expect((await api.send("DELETE", "/api/v2/things/5", { headers, body: "{" })).status).toBe(204);
	});

	it("has no key where it needs one, or one that is no key", async () => {
		const bearer = await api.bearer(1);
		const bare = await api.send("POST", "/api/v2/things", { headers: bearer, body: { name: "A" } });
		expect(problem(bare)).toMatchObject({ status: 400, code: "IDEMPOTENCY_KEY_MISSING" });
		for (const key of ["short", "two words here", '"unclosed-key', "x".repeat(256)])
			expect(problem(await post({ name: "A" }, { "idempotency-key": key }))).toMatchObject({
				status: 400,
				code: "IDEMPOTENCY_KEY_MALFORMED"
			});
		expect(asked).toEqual([]);
	});

	it("may leave a key away where one is only welcome", async () => {
		const put = await api.send("PUT", "/api/v2/things/5", {
			headers: await api.bearer(1, "staff"),
			body: { name: "B" }
		});
		expect(put.status).toBe(200);
	});

	// checklist: 49, 150
	it("learns nothing of our insides when something is wrong with them, and the gateway goes on", async () => {
		const warned = jest.spyOn(api.api.logger, "error");
		for (const kind of ["crash", "text", "database"]) {
			const reply = await api.get(`/api/v2/faults/${kind}`);
			expect(problem(reply)).toMatchObject({ status: 500, code: "INTERNAL_ERROR", title: "Internal error" });
			expect(reply.text).not.toMatch(/secret-canary|stack|node_modules|undefined/);
			expect(warned).toHaveBeenLastCalledWith(
				expect.stringContaining(reply.headers["x-request-id"] as string),
				expect.anything()
			);
		}
		expect((await api.get("/api/v2/things/5")).status).toBe(200);
	});

	// checklist: 50
	it.each(["missing", "tripped", "rejected", "skipped", "full"])(
		"meets a service that is %s, and may come again",
		async kind => {
			const reply = await api.get(`/api/v2/faults/${kind}`);
			expect(problem(reply)).toMatchObject({
				status: 503,
				code: "SERVICE_UNAVAILABLE",
				detail: "The service orders cannot take this now; nothing was begun",
				error: "Order service unavailable"
			});
			expect(reply.headers["retry-after"]).toMatch(/^[123]$/);
			expect(reply.text).not.toContain("secret-canary");
		}
	);

	it("meets a service that does not answer in time, and learns that a write may have been done", async () => {
		const reading = await api.get("/api/v2/faults/timeout");
		expect(problem(reading)).toMatchObject({ status: 503, code: "SERVICE_TIMEOUT" });
		expect(reading.json.detail).toBe("The service orders did not answer in time");
		const writing = await api.send("POST", "/api/v2/faults/timeout");
		expect(writing.json.detail).toMatch(/not known, and the same request with the same Idempotency-Key is safe/);
		expect(writing.headers["retry-after"]).toMatch(/^[123]$/);
	});

	it("meets a store that is busy, or a refusal that knows when to come again", async () => {
		const busy = await api.get("/api/v2/faults/store");
		expect(problem(busy)).toMatchObject({ status: 503, code: "STORE_UNAVAILABLE", title: "Store unavailable" });
		expect(busy.headers["retry-after"]).toMatch(/^[123]$/);
		const known = await api.get("/api/v2/faults/busy");
		expect([known.status, known.headers["retry-after"], known.json.code]).toEqual([409, "7", "BUSY"]);
	});

	it("is told the same when the refusal came over a wire and lost its class", async () => {
		expect(problem(await api.get("/api/v2/faults/remote"))).toMatchObject({
			status: 404,
			code: "ORDER_NOT_FOUND",
			title: "Order not found",
			detail: "There is no order 5"
		});
	});
});
