import { buildNode, serviceNames } from "../../broker/node.ts";
import { readEnv } from "../../broker/env.ts";
import { runtimeOf } from "../../broker/runtime.ts";
import console_ from "../../services/console/console.service.ts";
import { eventually } from "../support/eventually.ts";
import { gateway, type TestGateway } from "../support/gateway.ts";
import { describeWithNats, NatsServer } from "../support/nats-server.ts";
import { node, type TestNode } from "../support/node.ts";
import { thingService } from "../support/things.ts";

it("a gateway needs every service of the other processes, but not the one that only watches", async () => {
	const { SQLITE_DRIVER } = process.env;
	const env = readEnv({ NODE_ENV: "test", TRANSPORTER: "nats://127.0.0.1:1", SQLITE_DRIVER });
	const broker = await buildNode(env, ["api"]);
	const others = (await serviceNames()).filter(name => name !== "api" && name !== "console");
	expect(runtimeOf(broker).needs).toEqual(others);
});

describeWithNats("a trace through several processes", () => {
	const server = new NatsServer();
	let env: Record<string, string>;
	let here: TestGateway;
	let there: TestNode;
	let watching: TestNode;
	beforeAll(async () => {
		await server.start();
		env = { TRANSPORTER: server.url, SERVICE_SECRET: "a secret of thirty-two characters, or more" };
		here = await gateway([], env);
		there = await node([thingService().schema], { env });
		watching = await node([console_], { env });
		await eventually(async () => {
			expect((await here.get("/api/v2/things/5")).status).toBe(200);
			expect((await here.get("/api/v1/admin/traces", await here.bearer(1, "admin"))).status).toBe(200);
		});
	});
	afterAll(async () => {
		await watching.close();
		await there.close();
		await here.close();
		await server.close();
	});

	interface Found {
		spans: { kind: string; spanId: string; parentId?: string; nodeId: string }[];
	}
	const found = async (requestId: string): Promise<Found> => {
		const path = `/api/v1/admin/traces/${requestId}`;
		const { json } = await here.get(path, await here.bearer(1, "admin"));
		return json as unknown as Found;
	};

	it("is one tree, put together by the console", async () => {
		await here.get("/api/v2/things/5", { "x-request-id": "request-1" });
		await eventually(async () => {
			const [http, call] = (await found("request-1")).spans;
			expect([http!.kind, http!.nodeId]).toEqual(["http", here.broker.nodeID]);
			expect(call).toMatchObject({ kind: "call", nodeId: there.broker.nodeID, parentId: http!.spanId });
		});
	});

	it("is lost while the console is gone, and nothing else is", async () => {
		await watching.stop();
		const dropped = () => runtimeOf(here.broker).tracer.text();
		await eventually(async () => {
			const reply = await here.get("/api/v1/admin/traces", await here.bearer(1, "admin"));
			expect([reply.status, reply.json.code]).toEqual([503, "SERVICE_UNAVAILABLE"]);
		});
		for (const path of ["/api/v2/things/5", "/health/ready", "/health"])
			expect([path, (await here.get(path)).status]).toEqual([path, 200]);
		expect((await here.get("/health")).json.services).toMatchObject({ console: "down", things: "up" });
		await eventually(() => expect(dropped()).toMatch(/souk_spans_dropped_total\{at="console"\} [1-9]/));
		watching = await node([console_], { env });
		await eventually(async () => {
			await here.get("/api/v2/things/5", { "x-request-id": "request-2" });
			expect((await found("request-2")).spans.length).toBeGreaterThanOrEqual(2);
		});
	});
});
