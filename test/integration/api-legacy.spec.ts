import { createServer, type IncomingHttpHeaders, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { runtimeOf } from "../../broker/runtime.ts";
import { eventually } from "../support/eventually.ts";
import { gateway, type TestGateway } from "../support/gateway.ts";
import { thingService } from "../support/things.ts";

/** An application from before: it answers what it was asked, and breaks off when told to. */
interface Old {
	server: Server;
	port: number;
	seen: { url: string; headers: IncomingHttpHeaders; body: string }[];
}

async function oldApplication(): Promise<Old> {
	const seen: Old["seen"] = [];
	const server = createServer((req, res) => {
		let body = "";
		req.setEncoding("utf8").on("data", (text: string) => (body += text));
		req.on("end", () => {
			seen.push({ url: req.url!, headers: req.headers, body });
			res.writeHead(req.method === "POST" ? 201 : 200, { "content-type": "text/plain", "x-old": "yes" });
			if (req.url === "/half") res.write("half an ans", () => res.destroy());
			else res.end(`${req.method} ${req.url} ${body.length}`);
		});
	});
	await new Promise<void>(resolve => server.listen(0, "127.0.0.1", resolve));
	return { server, port: (server.address() as AddressInfo).port, seen };
}

// checklist: 166, 221
describe("an application that is replaced bit by bit", () => {
	let old: Old;
	let here: TestGateway;
	beforeAll(async () => {
		old = await oldApplication();
		here = await gateway([thingService().schema], {
			LEGACY_URL: `http://127.0.0.1:${old.port}`,
			RATE_LIMIT_PER_MINUTE: "20"
		});
	});
	afterAll(async () => {
		await here.close();
		old.server.close();
	});
	beforeEach(() => {
		old.seen.length = 0;
	});

	it("answers where there is no route, with what it was asked and what it says", async () => {
		const read = await here.get("/reports/7?year=2020", {
			authorization: "Basic b2xk",
			"x-request-id": "request-of-the-spec"
		});
		expect([read.status, read.text, read.headers["x-old"], read.headers["x-request-id"]]).toEqual([
			200,
			"GET /reports/7?year=2020 0",
			"yes",
			"request-of-the-spec"
		]);
		const body = "x".repeat(2_000_000);
		const written = await here.send("POST", "/reports", { headers: { "content-type": "text/plain" }, body });
		expect([written.status, written.text]).toEqual([201, "POST /reports 2000000"]);
		expect(old.seen[0]!.headers).toMatchObject({
			authorization: "Basic b2xk",
			"x-request-id": "request-of-the-spec",
			traceparent: expect.stringMatching(/^00-/) as string
		});
	});

	it("is told who asked by the gateway, not by the client", async () => {
		await here.get("/reports", { "x-forwarded-for": "6.6.6.6", "x-forwarded-host": "evil.test" });
		const { headers } = old.seen[0]!;
		expect(headers["x-forwarded-for"]).toMatch(/^(::ffff:)?127\.0\.0\.1$/);
		expect(headers["x-forwarded-host"]).not.toContain("evil");
	});

	it("gets nothing of what Souk answers, refuses or cannot know yet", async () => {
		expect((await here.get("/api/v2/things/5")).status).toBe(200);
		expect((await here.send("DELETE", "/api/v2/things")).status).toBe(405);
		runtimeOf(here.broker).needs.push("absent");
		expect((await here.get("/reports")).status).toBe(503);
		runtimeOf(here.broker).needs.pop();
		expect(old.seen).toEqual([]);
	});

	it("is not asked more often than an address may", async () => {
		const statuses: number[] = [];
		for (let n = 0; n < 25; n++) statuses.push((await here.get("/reports")).status);
		expect(statuses.at(-1)).toBe(429);
		expect(old.seen.length).toBeLessThan(25);
	});

	it("that breaks off is not taken for one that has answered, and one that is away is said to be", async () => {
		const free = await gateway([], { LEGACY_URL: `http://127.0.0.1:${old.port}` });
		try {
			await expect(free.get("/half")).rejects.toThrow();
			old.server.closeAllConnections();
			await new Promise(resolve => old.server.close(resolve));
			const reply = await free.get("/reports");
			expect([reply.status, reply.json.code]).toEqual([503, "LEGACY_UNAVAILABLE"]);
			expect(Number(reply.headers["retry-after"])).toBeGreaterThan(0);
			await eventually(() => expect(free.api.admission.underWay).toBe(0));
		} finally {
			await free.close();
		}
	});
});

it("without one, nothing answers where there is no route", async () => {
	const here = await gateway([]);
	expect((await here.get("/reports")).status).toBe(404);
	await here.close();
});
