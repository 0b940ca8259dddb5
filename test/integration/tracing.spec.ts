import { createServer, type IncomingMessage, type Server } from "node:http";
import { z } from "zod";
import { contract } from "../../broker/contract.ts";
import { Refusal } from "../../broker/errors.ts";
import { runtimeOf } from "../../broker/runtime.ts";
import type { Span } from "../../broker/tracing/span.ts";
import console_ from "../../services/console/console.service.ts";
import { eventually } from "../support/eventually.ts";
import { gateway, portOf, type TestGateway } from "../support/gateway.ts";
import { as, stub } from "../support/node.ts";
import { thingService } from "../support/things.ts";

const CLIENT = { traceId: "4bf92f3577b34da6a3ce929d0e0e4736", spanId: "00f067aa0ba902b7" };
const traceparent = `00-${CLIENT.traceId}-${CLIENT.spanId}-00`;

class PearGone extends Refusal {
	constructor(id: number) {
		super(`There is no pear ${id}`, 410, "PEAR_GONE", { id });
	}
}
const Pear = z.strictObject({ id: z.coerce.number() });
const pears = contract("pears", {
	get: {
		summary: "A pear",
		params: Pear,
		result: z.null(),
		rest: "GET /pears/:id",
		access: "public",
		refuses: [PearGone]
	}
});
/** Asks another service before it answers. */
const pearService = () =>
	stub(pears, {
		get: async ({ id }: { id: number }, ctx) => {
			if (id === 410) throw new PearGone(id);
			await (ctx.call as unknown as (name: string, params: object) => Promise<unknown>)("things.get", { id });
			return null;
		}
	});

let api: TestGateway;
let things: ReturnType<typeof thingService>;
const start = async (env: Record<string, string> = {}, also = [console_]) => {
	things = thingService();
	api = await gateway([things.schema, pearService(), ...also], env);
};
afterEach(() => api.close());

interface Summary {
	traceId: string;
	requestId: string;
	name: string;
	spans: number;
	error?: string;
}
const admin = () => api.bearer(1, "admin");
const traces = async (query = ""): Promise<Summary[]> => {
	await runtimeOf(api.broker).tracer.flush();
	return (await api.get(`/api/v1/admin/traces${query}`, await admin())).json.items as Summary[];
};
const spansOf = async (id: string): Promise<Span[]> => {
	await runtimeOf(api.broker).tracer.flush();
	return (await api.get(`/api/v1/admin/traces/${id}`, await admin())).json.spans as Span[];
};
const dropped = (at: string) =>
	Number(new RegExp(`souk_spans_dropped_total\\{at="${at}"\\} (\\d+)`).exec(runtimeOf(api.broker).tracer.text())![1]);

describe("a request that is recorded", () => {
	beforeEach(() => start());

	// checklist: 155
	it("has a span of the gateway's own, within the client's, and one of each call within that of its caller", async () => {
		await api.get("/api/v2/pears/5", { traceparent, "x-request-id": "request-1" });
		const spans = await eventually(async () => {
			const found = await spansOf("request-1");
			expect(found).toHaveLength(3);
			return found;
		});
		const [http, get, ask] = spans as [Span, Span, Span];
		expect(http).toMatchObject({
			...{ traceId: CLIENT.traceId, parentId: CLIENT.spanId, requestId: "request-1" },
			...{ kind: "http", name: "GET /api/v2/pears/:id", service: "api", nodeId: api.broker.nodeID }
		});
		expect(get).toMatchObject({ kind: "call", name: "pears.get", service: "pears", parentId: http.spanId });
		expect(ask).toMatchObject({ kind: "call", name: "things.get", service: "things", parentId: get.spanId });
		expect(await spansOf(CLIENT.traceId)).toEqual(spans);
	});

	it("tells where it failed, and with what", async () => {
		await api.get("/api/v2/pears/410", { "x-request-id": "request-410" });
		await eventually(async () =>
			expect((await spansOf("request-410")).map(({ name, error }) => [name, error])).toEqual([
				["GET /api/v2/pears/:id", "PEAR_GONE"],
				["pears.get", "PEAR_GONE"]
			])
		);
		expect(await traces("?failed=true")).toMatchObject([
			{ requestId: "request-410", name: "GET /api/v2/pears/:id", spans: 2, error: "PEAR_GONE" }
		]);
	});

	it("includes what it waited for", async () => {
		const headers = {
			...(await api.bearer(5)),
			"idempotency-key": "a-good-key",
			prefer: "wait=3",
			"x-request-id": "request-w"
		};
		await api.send("POST", "/api/v2/things", { headers, body: { name: "x" } });
		await eventually(async () =>
			expect((await spansOf("request-w")).map(({ name }) => name)).toEqual([
				"POST /api/v2/things",
				"things.create",
				"things.outcome"
			])
		);
	});

	it("is none that looks at traces, at health, or goes nowhere", async () => {
		for (const path of ["/health/ready", "/metrics", "/nowhere"]) await api.get(path);
		await traces();
		await spansOf("request-none");
		expect(await traces()).toEqual([]);
	});
});

describe("traces", () => {
	beforeEach(() => start());

	it("are for administrators, and one that is not there is said not to be", async () => {
		for (const path of ["/api/v1/admin/traces", "/api/v1/admin/traces/request-1"]) {
			expect((await api.get(path)).status).toBe(401);
			expect((await api.get(path, await api.bearer(2, "staff"))).status).toBe(403);
		}
		const { status, json } = await api.get("/api/v1/admin/traces/request-1", await admin());
		expect([status, json.code]).toEqual([404, "TRACE_NOT_FOUND"]);
		expect((await api.get("/api/v1/admin/traces/x", await admin())).status).toBe(400);
	});

	it("are taken from services alone, and only as they should be", async () => {
		await expect(api.call("console.collect", { spans: [{ traceId: "none" }] as never })).rejects.toMatchObject({
			type: "VALIDATION_FAILED"
		});
		expect(await api.call("console.collect", { spans: [] })).toBeNull();
		const byHand = as(api, { userId: 1, roles: ["admin"] })("console.collect", { spans: [] });
		await expect(byHand).rejects.toMatchObject({ type: "FORBIDDEN" });
		expect((await api.get("/api/v1/console/collect", await admin())).status).toBe(404);
	});
});

describe("how many are recorded", () => {
	const recorded = () => things.asked.filter(({ traceparent }) => traceparent.endsWith("-01")).length;
	const ask = async (requests: number) => {
		for (let n = 0; n < requests; n++)
			await api.get("/api/v2/things/5", { traceparent: traceparent.replace(/0$/, "1") });
	};

	it("is the gateway's choice, whatever clients say: the others are passed on, and marked as not recorded", async () => {
		await start({ TRACES_PER_SECOND: "1" });
		await ask(100);
		expect(recorded()).toBeGreaterThanOrEqual(1);
		expect(recorded()).toBeLessThan(100);
		for (const { traceparent } of things.asked.slice(1).filter(({ traceparent }) => !traceparent.endsWith("-01")))
			expect(traceparent).toBe(`00-${CLIENT.traceId}-${CLIENT.spanId}-00`);
	});

	it("is none with TRACES_PER_SECOND=0", async () => {
		await start({ TRACES_PER_SECOND: "0" });
		await ask(5);
		expect(recorded()).toBe(0);
		expect(await traces()).toEqual([]);
	});
});

it("a process without a console answers as ever; what it recorded is dropped and counted", async () => {
	await start({}, []);
	expect((await api.get("/api/v2/pears/5")).status).toBe(200);
	expect((await api.get("/health/ready")).status).toBe(200);
	await eventually(async () => {
		await runtimeOf(api.broker).tracer.flush();
		expect(dropped("console")).toBe(3);
	});
	expect((await api.get("/metrics")).text).toContain('souk_spans_dropped_total{at="console"} 3');
});

// checklist: 114
describe("with OTLP_URL", () => {
	interface Otlp {
		traceId: string;
		spanId: string;
		parentSpanId?: string;
		name: string;
		kind: number;
		startTimeUnixNano: string;
		endTimeUnixNano: string;
		attributes: { key: string; value: { stringValue: string } }[];
		status: { code: number };
	}
	interface Export {
		resourceSpans: {
			resource: { attributes: Otlp["attributes"] };
			scopeSpans: { scope: { name: string }; spans: Otlp[] }[];
		}[];
	}
	let collector: Server;
	let got: { url: string | undefined; type: string | undefined; body: Export }[];
	let answers: number;
	beforeEach(async () => {
		got = [];
		answers = 200;
		collector = createServer((req, res) => {
			void textOf(req).then(text => {
				got.push({ url: req.url, type: req.headers["content-type"], body: JSON.parse(text) as Export });
				res.writeHead(answers, { "content-type": "application/json" }).end("{}");
			});
		});
		await new Promise<void>(resolve => collector.listen(0, "127.0.0.1", resolve));
		await start({ OTLP_URL: `http://127.0.0.1:${portOf(collector)}/` });
	});
	afterEach(() => {
		collector.closeAllConnections();
		collector.close();
	});
	const textOf = async (req: IncomingMessage): Promise<string> => {
		const chunks: Buffer[] = [];
		for await (const chunk of req) chunks.push(chunk as Buffer);
		return Buffer.concat(chunks).toString();
	};
	const exported = () =>
		got.flatMap(({ body }) =>
			body.resourceSpans.flatMap(({ resource, scopeSpans }) =>
				scopeSpans.flatMap(({ spans }) => spans.map(span => ({ service: valueOf(resource, "service.name"), ...span })))
			)
		);
	const valueOf = ({ attributes }: Pick<Otlp, "attributes">, key: string) =>
		attributes.find(attribute => attribute.key === key)?.value.stringValue;

	it("the same spans go there as OpenTelemetry has them, outgoing calls without a word of their own among them", async () => {
		await api.get("/api/v2/pears/5", { traceparent, "x-request-id": "request-1" });
		await api.get("/api/v2/pears/410", { traceparent });
		const spans = await eventually(async () => {
			await runtimeOf(api.broker).tracer.flush();
			expect(exported()).toHaveLength(5);
			return exported();
		});
		for (const { url, type } of got) expect([url, type]).toEqual(["/v1/traces", "application/json"]);
		for (const span of spans) {
			expect(span).toMatchObject({ traceId: CLIENT.traceId, spanId: expect.stringMatching(/^[\da-f]{16}$/) as string });
			for (const time of [span.startTimeUnixNano, span.endTimeUnixNano]) expect(time).toMatch(/^\d{19}$/);
			expect(BigInt(span.endTimeUnixNano) >= BigInt(span.startTimeUnixNano)).toBe(true);
			expect(Math.abs(Number(BigInt(span.startTimeUnixNano) / 1_000_000n) - Date.now())).toBeLessThan(60_000);
		}
		const [http, get, ask] = ["GET /api/v2/pears/:id", "pears.get", "things.get"].map(
			name => spans.find(span => span.name === name && span.status.code === 0)!
		) as unknown as [Otlp, Otlp, Otlp];
		expect(http).toMatchObject({ service: "api", kind: 2, parentSpanId: CLIENT.spanId });
		expect(get).toMatchObject({ service: "pears", kind: 2, parentSpanId: http.spanId });
		expect(ask).toMatchObject({ service: "things", kind: 2, parentSpanId: get.spanId });
		expect(valueOf(ask, "souk.request_id")).toBe("request-1");
		const failed = spans.filter(({ status }) => status.code === 2);
		expect(failed.map(span => valueOf(span, "error.type"))).toEqual(["PEAR_GONE", "PEAR_GONE"]);
	});

	it("they leave when the process stops, too", async () => {
		await api.get("/api/v2/pears/5", { "x-request-id": "request-last" });
		await api.stop();
		expect(exported().map(span => [span.name, valueOf(span, "souk.request_id")])).toEqual(
			expect.arrayContaining(["GET /api/v2/pears/:id", "pears.get", "things.get"].map(name => [name, "request-last"]))
		);
	});

	it("a collector that refuses, or is gone, costs its spans and nothing else", async () => {
		answers = 503;
		expect((await api.get("/api/v2/things/5")).status).toBe(200);
		await eventually(async () => {
			await runtimeOf(api.broker).tracer.flush();
			expect(dropped("otlp")).toBe(2);
		});
		collector.closeAllConnections();
		await new Promise(resolve => collector.close(resolve));
		expect((await api.get("/api/v2/things/5")).status).toBe(200);
		await eventually(async () => {
			await runtimeOf(api.broker).tracer.flush();
			expect(dropped("otlp")).toBe(4);
		});
		expect(dropped("console")).toBe(0);
		expect(await traces()).toHaveLength(2);
	});
});
