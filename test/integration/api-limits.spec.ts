import { connect } from "node:net";
import { contract } from "../../broker/contract.ts";
import { z } from "zod";
import { Admission } from "../../services/api/admission.ts";
import { eventually } from "../support/eventually.ts";
import { gateway, type TestGateway } from "../support/gateway.ts";
import { stub } from "../support/node.ts";
import { thingService } from "../support/things.ts";

const orders = contract("orders", {
	place: {
		summary: "Places an order",
		params: z.strictObject({}),
		result: z.strictObject({ id: z.int() }),
		rest: "POST /orders",
		status: 201,
		access: { roles: ["customer"] },
		idempotencyKey: "required"
	}
});
const placing = () => stub(orders, { place: () => ({ id: 1 }) });

// checklist: 48, 79, 198
describe("a caller who sends too much", () => {
	let api: TestGateway;
	const { schema, asked } = thingService();
	const start = async (env: Record<string, string>) => {
		api = await gateway([schema, placing()], { RATE_LIMIT_PER_MINUTE: "5", ...env });
	};
	afterEach(() => api.close());
	beforeEach(() => {
		asked.length = 0;
	});
	const statuses = async (count: number, headers: Record<string, string> = {}) => {
		const seen: number[] = [];
		for (let request = 0; request < count; request++) seen.push((await api.get("/api/v2/things/5", headers)).status);
		return seen;
	};

	it("is told what is left, then to wait, and until when", async () => {
		await start({});
		const first = await api.get("/api/v2/things/5");
		expect(first.headers).toMatchObject({ "ratelimit-policy": '"default";q=5;w=60', ratelimit: '"default";r=4;t=60' });
		await statuses(4);
		const over = await api.get("/api/v2/things/5");
		expect(over.status).toBe(429);
		expect(over.json).toMatchObject({ code: "TOO_MANY_REQUESTS", title: "Too many requests" });
		expect(Number(over.headers["retry-after"])).toBeGreaterThan(0);
		expect(Number(over.headers["retry-after"])).toBeLessThanOrEqual(60);
		expect(over.headers.ratelimit).toMatch(/^"default";r=0;t=\d+$/);
		expect(asked).toHaveLength(5);
	});

	it("gains nothing by saying it is somebody else", async () => {
		await start({});
		const spoofed: number[] = [];
		for (let request = 0; request < 7; request++)
			spoofed.push(
				(await api.get("/api/v2/things/5", { "x-forwarded-for": `198.51.100.${request}`, "x-real-ip": "1.1.1.1" }))
					.status
			);
		expect(spoofed).toEqual([200, 200, 200, 200, 200, 429, 429]);
	});

	it("is counted by what a trusted proxy saw, not by what it wrote itself", async () => {
		await start({ TRUSTED_PROXIES: "1" });
		expect(await statuses(6, { "x-forwarded-for": "203.0.113.1, 198.51.100.1" })).toEqual([
			200, 200, 200, 200, 200, 429
		]);
		expect(await statuses(1, { "x-forwarded-for": "203.0.113.2, 198.51.100.1" })).toEqual([429]);
		expect(await statuses(1, { "x-forwarded-for": "203.0.113.1, 198.51.100.2" })).toEqual([200]);
	});

	it("is counted by its account once it has signed in, wherever it is", async () => {
		await start({});
		expect(await statuses(6, await api.bearer(1))).toEqual([200, 200, 200, 200, 200, 429]);
		expect(await statuses(1, await api.bearer(2))).toEqual([200]);
		expect(await statuses(1)).toEqual([200]);
	});

	it("is counted by its address when its tokens are no good", async () => {
		await start({});
		expect(await statuses(6, { authorization: "Bearer nonsense" })).toEqual([401, 401, 401, 401, 401, 429]);
	});

	it("may place fewer orders than it may send requests", async () => {
		await start({ RATE_LIMIT_PER_MINUTE: "100", RATE_LIMIT_ORDERS_PER_MINUTE: "2" });
		const headers = { ...(await api.bearer(1)), "idempotency-key": "12345678" };
		const seen = [];
		for (let order = 0; order < 3; order++) seen.push(await api.send("POST", "/api/v2/orders", { headers, body: {} }));
		expect(seen.map(({ status }) => status)).toEqual([201, 201, 429]);
		expect(seen[0]!.headers.ratelimit).toBe('"default";r=99;t=60, "orders";r=1;t=60');
		expect(await statuses(1, headers)).toEqual([200]);
	});

	it("is let alone when there are no limits, and what watches over us always is", async () => {
		await start({ RATE_LIMIT: "off" });
		expect(new Set(await statuses(20))).toEqual(new Set([200]));
		await api.close();
		await start({ RATE_LIMIT_PER_MINUTE: "1" });
		for (const path of ["/health/live", "/health/live", "/health", "/metrics"])
			expect((await api.get(path)).status).toBe(200);
	});
});

describe("a gateway that has too much to do", () => {
	// checklist: 222
	it("turns reads away first, then orders, at once and saying so, and takes them again afterwards", async () => {
		const { schema, hold } = thingService();
		const api = await gateway([schema, placing()]);
		try {
			api.api.admission = new Admission({ requests: 3, reads: 2, streams: 1 });
			let release: (value?: unknown) => void = () => undefined;
			hold.until = new Promise(resolve => {
				release = resolve;
			});
			const reading = [api.get("/api/v2/things"), api.get("/api/v2/things")];
			await eventually(() => expect(api.api.admission.underWay).toBe(2));
			const refused = await api.get("/api/v2/things/5");
			expect(refused.status).toBe(503);
			expect(refused.json).toMatchObject({ code: "OVERLOADED", title: "Overloaded" });
			expect(refused.headers["retry-after"]).toMatch(/^[123]$/);
			const headers = { ...(await api.bearer(1)), "idempotency-key": "12345678" };
			expect((await api.send("POST", "/api/v2/orders", { headers, body: {} })).status).toBe(201);
			expect((await api.get("/health/live")).status).toBe(200);
			release();
			expect((await Promise.all(reading)).map(({ status }) => status)).toEqual([200, 200]);
			expect((await api.get("/api/v2/things/5")).status).toBe(200);
			expect(api.api.admission.underWay).toBe(0);
		} finally {
			await api.close();
		}
	});

	it("makes room again after every kind of ending", async () => {
		const { schema } = thingService();
		const api = await gateway([schema]);
		try {
			for (const path of ["things/5", "things/404", "things/x", "faults/crash", "things?a[b]=1"])
				await api.get(`/api/v2/${path}`);
			await api.send("POST", "/api/v2/things", { body: {} });
			expect(api.api.admission.underWay).toBe(0);
		} finally {
			await api.close();
		}
	});
});

describe("the server's own limits", () => {
	let api: TestGateway;
	beforeAll(async () => {
		api = await gateway([thingService().schema]);
	});
	afterAll(() => api.close());

	it("cut off whoever is slow, greedy or forgotten", () => {
		const { server } = api.api;
		expect(server).toMatchObject({
			headersTimeout: 10_000,
			requestTimeout: 30_000,
			keepAliveTimeout: 30_000,
			maxConnections: 1_000,
			maxRequestsPerSocket: 1_000
		});
		// What has passed its time is noticed soon: Node looks only every half minute by itself.
		expect(server).toMatchObject({ connectionsCheckingInterval: 2_000, maxHeaderSize: 16_384 });
	});

	it.each([
		[
			"headers beyond 16 KiB",
			`GET /health/live HTTP/1.1\r\nHost: x\r\nX-Long: ${"x".repeat(17_000)}\r\n\r\n`,
			431,
			"HEADERS_TOO_LARGE"
		],
		["what is no HTTP", "HELLO\r\n\r\n", 400, "REQUEST_MALFORMED"],
		[
			"two lengths",
			"POST /api/v2/things HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
			400,
			"REQUEST_MALFORMED"
		],
		[
			"a length and chunks",
			"POST /api/v2/things HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
			400,
			"REQUEST_MALFORMED"
		]
	])("answer %s with a problem and hang up", async (_, bytes, status, code) => {
		const answer = await raw(api.port, bytes);
		expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
		expect(answer).toContain("application/problem+json");
		expect(JSON.parse(answer.slice(answer.indexOf("\r\n\r\n") + 4))).toMatchObject({ status, code });
	});

	it("answer a request that never came to its end when its time is over", async () => {
		const [listener] = api.api.server.listeners("clientError") as ((error: object, socket: object) => void)[];
		const said: string[] = [];
		listener!({ code: "ERR_HTTP_REQUEST_TIMEOUT" }, { writable: true, end: (text: string) => said.push(text) });
		expect(said[0]).toMatch(/^HTTP\/1.1 408 /);
		const destroy = jest.fn();
		listener!({ code: "ECONNRESET" }, { writable: true, destroy });
		listener!({ code: "HPE_INVALID_METHOD" }, { writable: false, destroy });
		expect(destroy).toHaveBeenCalledTimes(2);
	});
});

/** What comes back for bytes as they are. */
function raw(port: number, bytes: string): Promise<string> {
	return new Promise((resolve, reject) => {
		const socket = connect(port, "127.0.0.1", () => socket.write(bytes));
		let answer = "";
		socket.on("data", chunk => (answer += chunk.toString()));
		socket.once("close", () => resolve(answer));
		socket.once("error", reject);
	});
}
