import { connect, StringCodec, type NatsConnection } from "nats";
import { ServiceBroker, type Service } from "moleculer";
import { z } from "zod";
import { serviceContext } from "../../broker/context.ts";
import { contract } from "../../broker/contract.ts";
import { Refusal, Unavailable } from "../../broker/errors.ts";
import { runtimeOf } from "../../broker/runtime.ts";
import { ServiceTokens } from "../../broker/service-tokens.ts";
import { gateway, type Reply, type TestGateway } from "../support/gateway.ts";
import { eventually } from "../support/eventually.ts";
import { describeWithNats, NatsServer } from "../support/nats-server.ts";
import { as, node, stub, type TestNode } from "../support/node.ts";
import { thingService } from "../support/things.ts";

const SECRET = "a secret of thirty-two characters, or more";
const PATIENT = { within: 20_000 };

/** What the far service answers about the call itself. */
const far = contract("far", {
	whoami: {
		summary: "Who calls",
		params: z.strictObject({}),
		result: z.unknown(),
		access: "public"
	},
	inner: { summary: "For services", params: z.strictObject({}), result: z.null(), access: "internal" }
});
const farAway = (answering = () => Promise.resolve()) =>
	stub(far, {
		whoami: async (_params, ctx) => {
			await answering();
			Object.assign(ctx.meta, { user: { id: 1, roles: ["admin"] } });
			const { identity, headers, caller, origin } = ctx;
			return { identity, headers, caller, patience: (origin.deadline ?? 0) - Date.now() };
		},
		inner: () => null
	});
interface Answer {
	identity: unknown;
	headers: Record<string, string>;
	caller: string;
	patience: number;
}

describeWithNats("a call to another process", () => {
	const server = new NatsServer();
	const { schema, asked, streams } = thingService();
	let env: Record<string, string>;
	let here: TestGateway;
	let there: TestNode;
	const nextTo = async (): Promise<void> => {
		there = await node([schema, farAway()], { env });
		await here.broker.waitForServices(["things", "far"], 10_000, 50);
	};
	beforeAll(async () => {
		await server.start();
		env = { TRANSPORTER: server.url, SERVICE_SECRET: SECRET };
		here = await gateway([], env);
		await nextTo();
		await eventually(async () => expect((await here.get("/api/v2/things/5")).status).toBe(200), PATIENT);
	});
	afterAll(async () => {
		await there.close();
		await here.close();
		await server.close();
	});
	beforeEach(() => {
		asked.length = 0;
	});
	const create = (headers: Record<string, string>) =>
		here.send("POST", "/api/v2/things", {
			headers: { "idempotency-key": "12345678", ...headers },
			body: { name: "A" }
		});

	// checklist: 8, 201
	it("is made for the user whose token came with the request, or for nobody", async () => {
		await create(await here.bearer(42, "customer", "staff"));
		await here.get("/api/v2/things/5");
		expect(asked.map(({ identity }) => identity)).toEqual([
			{ kind: "user", userId: 42, roles: ["customer", "staff"] },
			{ kind: "anonymous" }
		]);
		expect(Object.isFrozen(asked[0]!.identity)).toBe(true);
	});

	it("carries the request's id, its trace and its key, and shows no token to the handler", async () => {
		const id = "request-id-of-the-spec";
		await create({ ...(await here.bearer(42)), "x-request-id": id });
		expect(asked[0]!.requestId).toBe(id);
		expect(Object.keys(asked[0]!.headers).sort()).toEqual(["idempotency-key", "traceparent"]);
	});

	it("is refused to who may not make it, as in one process", async () => {
		const update = async (...roles: ("customer" | "staff")[]) =>
			here.send("PUT", "/api/v2/things/5", { headers: await here.bearer(1, ...roles), body: { name: "B" } });
		expect((await update("staff")).status).toBe(200);
		expect((await update("customer")).json.code).toBe("FORBIDDEN");
	});

	it("says in the answer that it was given before, and nothing else", async () => {
		const reply = await create({ ...(await here.bearer(42)), "idempotency-key": "replayed-key" });
		expect(reply.headers["idempotency-replayed"]).toBe("true");
		const ctx = serviceContext({ broker: here.broker, name: "orders" } as Service, "spec");
		await ctx.call("far.whoami" as never, {} as never);
		expect((ctx as unknown as { meta: object }).meta).toEqual({});
	});

	it("is made by a service in its own name, with the time that is left", async () => {
		const ctx = serviceContext(
			{ broker: here.broker, name: "orders", fullName: "orders" } as Service,
			"spec",
			"00-trace"
		);
		const answer = (await ctx.call("far.whoami" as never, {} as never, { timeout: 1_000 })) as Answer;
		expect(answer).toMatchObject({ identity: { kind: "service", name: "orders" }, caller: "orders" });
		expect(answer.headers).toEqual({ traceparent: "00-trace" });
		expect(answer.patience).toBeGreaterThan(0);
		expect(answer.patience).toBeLessThanOrEqual(1_000);
		expect(await ctx.call("far.inner" as never, {} as never)).toBeNull();
	});

	it("is not made for a user without a token, in a name that may do more", async () => {
		await expect(as(here, { userId: 1 })("far.whoami" as never, {} as never)).rejects.toThrow("no token came with it");
	});

	it("streams what the service streams", async () => {
		const reply = here.get("/api/v2/things/5/stream");
		await eventually(() => expect(streams).toHaveLength(1));
		streams[0]!.push("data: one\n\n");
		streams[0]!.push(null);
		expect((await reply).text).toBe("data: one\n\n");
	});

	it("fails with the same words, whichever process the service is in", async () => {
		const near = await gateway([thingService().schema]);
		const told = ({ status, json: { requestId: _, ...problem } }: Reply) => ({ status, problem });
		const paths = ["/things/404", "/things/zero", "/things/5/secret"];
		const kinds = [
			"crash",
			"text",
			"database",
			"store",
			"missing",
			"tripped",
			"timeout",
			"rejected",
			"skipped",
			"full"
		];
		for (const path of [...paths, ...[...kinds, "busy", "remote"].map(kind => `/faults/${kind}`)]) {
			const headers = path.endsWith("secret") ? [await here.bearer(1), await near.bearer(1)] : [{}, {}];
			const [remote, local] = [
				await here.get(`/api/v2${path}`, headers[0]),
				await near.get(`/api/v2${path}`, headers[1])
			];
			expect([path, told(remote)]).toEqual([path, told(local)]);
			expect(remote.text).not.toContain("secret-canary");
		}
		const put = async (api: TestGateway) =>
			api.send("PUT", "/api/v2/things/5", {
				headers: { ...(await api.bearer(3, "staff")), "if-match": '"2"' },
				body: { name: "B" }
			});
		expect(told(await put(here))).toEqual(told(await put(near)));
		await near.close();
	});

	it("fails with an error of the same kind", async () => {
		const failure = async (path: string, params: object) =>
			here.broker.call(path, params).then(
				() => undefined,
				(error: unknown) => error
			);
		const missing = await failure("things.get", { id: 404 });
		expect(missing).toBeInstanceOf(Refusal);
		expect(missing).toMatchObject({ name: "ThingNotFound", code: 404, type: "THING_NOT_FOUND", data: { id: 404 } });
		expect(await failure("things.fault", { kind: "store" })).toBeInstanceOf(Unavailable);
	});

	// checklist: 107, 109
	it("is answered with 503 while the service is away, and works again when it is back", async () => {
		await there.close();
		await eventually(async () => {
			const reply = await here.get("/api/v2/things/8");
			expect([reply.status, reply.json.code]).toEqual([503, "SERVICE_UNAVAILABLE"]);
			expect(Number(reply.headers["retry-after"])).toBeGreaterThan(0);
		}, PATIENT);
		await nextTo();
		expect((await here.get("/api/v2/things/5")).status).toBe(200);
	});

	it("is not taken for one to nowhere before its service was met", async () => {
		const other = await gateway([], env);
		try {
			runtimeOf(other.broker).needs.push("rare");
			const asked = async () => (await other.get("/api/v1/rare/5")).status;
			expect(await asked()).toBe(503);
			const rare = contract("rare", {
				get: {
					summary: "A rare thing",
					params: z.strictObject({ id: z.string() }),
					result: z.null(),
					access: "public",
					rest: "GET /rare/:id"
				}
			});
			const met = await node([stub(rare, { get: () => null })], { env });
			await eventually(async () => expect(await asked()).toBe(200), PATIENT);
			expect((await other.get("/api/v1/never/5")).status).toBe(404);
			await met.close();
		} finally {
			await other.close();
		}
	});

	// checklist: 104, 108, 154, 197
	it("goes to the processes of a service in turn", async () => {
		const second = await node([farAway()], { env });
		const { nodes } = here.broker.registry;
		await eventually(() => expect(nodes.get(second.broker.nodeID)?.available).toBe(true), PATIENT);
		const answered: string[] = [];
		for (let n = 0; n < 10; n++) {
			const call = here.broker.call("far.whoami");
			answered.push((call as unknown as { ctx: { nodeID: string } }).ctx.nodeID);
			await call;
		}
		expect(answered.filter(nodeID => nodeID === second.broker.nodeID)).toHaveLength(5);
		expect(answered.filter(nodeID => nodeID === there.broker.nodeID)).toHaveLength(5);
		await second.close();
	});

	// checklist: 196
	it("goes to another process, or fails at once, when one was killed", async () => {
		const killed = await node([farAway()], { env });
		// Moleculer's own count of heartbeats would tell, too, ten seconds late.
		const { opts } = here.broker.registry.discoverer as unknown as { opts: { disableHeartbeatChecks: boolean } };
		opts.disableHeartbeatChecks = true;
		const call = () => here.broker.call("far.whoami", {}, { timeout: 60_000 });
		const { nodes } = here.broker.registry;
		await eventually(() => expect(nodes.get(killed.broker.nodeID)?.available).toBe(true), PATIENT);
		// Its connection ends without a word, as the kernel ends it; what a process says by itself it cannot say any more.
		await (killed.broker.transit!.tx as unknown as { client: NatsConnection }).client.close();
		const asked = Promise.allSettled(Array.from({ length: 20 }, call));
		// What was sent before the server noticed is lost, and nobody needs to call again to be told.
		const calls = await asked;
		expect(nodes.get(killed.broker.nodeID)?.available).toBe(false);
		const failed = calls.filter(({ status }) => status === "rejected") as PromiseRejectedResult[];
		expect(failed.map(({ reason }) => (reason as { type: string }).type)).toEqual(
			Array(failed.length).fill("REQUEST_REJECTED")
		);
		expect(failed.length).toBeLessThan(20);
		expect((await Promise.allSettled(Array.from({ length: 20 }, call))).map(({ status }) => status)).toEqual(
			Array(20).fill("fulfilled")
		);
		opts.disableHeartbeatChecks = false;
		await killed.close();
	});

	it("that a killed process was at fails as soon, though nobody calls it again", async () => {
		const begun = Promise.withResolvers<void>();
		const over = Promise.withResolvers<void>();
		const killed = await node([farAway(() => (begun.resolve(), over.promise))], { env });
		const { nodeID, transit } = killed.broker;
		const { opts } = here.broker.registry.discoverer as unknown as { opts: { disableHeartbeatChecks: boolean } };
		opts.disableHeartbeatChecks = true;
		await eventually(() => expect(here.broker.registry.nodes.get(nodeID)?.available).toBe(true), PATIENT);
		const failed = expect(
			here.broker.call("far.whoami", {}, { nodeID, timeout: 60_000, retries: 0 })
		).rejects.toMatchObject({ type: "REQUEST_REJECTED" });
		await begun.promise;
		await (transit!.tx as unknown as { client: NatsConnection }).client.close();
		await failed;
		opts.disableHeartbeatChecks = false;
		over.resolve();
		await killed.close();
	});

	describe("made by who only knows the wire", () => {
		let nats: NatsConnection;
		beforeAll(async () => {
			nats = await connect({ servers: server.url });
		});
		afterAll(() => nats.close());

		/** Sends a request as Moleculer would, and resolves to the packet that answers it. */
		const forge = async (action: string, packet: Record<string, unknown>, params = {}) => {
			const codec = StringCodec();
			const id = crypto.randomUUID();
			const sender = (packet.sender as string | undefined) ?? "intruder";
			const answers = nats.subscribe(`MOL.RES.${sender}`);
			const request = {
				ver: ServiceBroker.PROTOCOL_VERSION,
				sender,
				id,
				action,
				params,
				meta: {},
				headers: {},
				level: 1,
				...packet
			};
			nats.publish(`MOL.REQ.${there.broker.nodeID}`, codec.encode(JSON.stringify(request)));
			for await (const message of answers) {
				const answer = JSON.parse(codec.decode(message.data)) as { id: string; success: boolean; error?: object };
				if (answer.id === id) return answer;
			}
			throw new Error("No answer came");
		};
		const token = (secret: string) => new ServiceTokens(secret).of("orders");

		// checklist: 237
		it("is served with a token of a service", async () => {
			expect(await forge("things.get", { headers: { "service-token": await token(SECRET) } }, { id: 5 })).toMatchObject(
				{
					success: true
				}
			);
		});

		it.each([
			["without a token", {}],
			[
				"in the name of a service",
				{ caller: "orders", meta: { user: { id: 1, roles: ["admin"] }, identity: { kind: "service" } } }
			],
			["with a user's rights in its words", { headers: { "user-token": "admin", roles: "admin" } }],
			["with a token that is none", { headers: { "service-token": "x.y.z" } }],
			["with a token that is no text", { headers: { "service-token": { sub: "orders" } } }]
		])("is refused %s", async (_, packet) => {
			for (const action of ["things.hidden", "things.get", "far.whoami", "things.contract"])
				expect(await forge(action, packet, action === "things.get" ? { id: 5 } : {})).toMatchObject({
					success: false,
					error: { type: "CALLER_NOT_TRUSTED" }
				});
			expect(asked).toEqual([]);
		});

		it("is refused as if from the process itself, and with another secret's token", async () => {
			const own = await forge("things.hidden", { sender: there.broker.nodeID });
			expect(own).toMatchObject({ success: false, error: { type: "CALLER_NOT_TRUSTED" } });
			const stolen = await forge("things.hidden", { headers: { "service-token": await token(`${SECRET}!`) } });
			expect(stolen).toMatchObject({ success: false, error: { type: "CALLER_NOT_TRUSTED" } });
			expect(asked).toEqual([]);
		});

		it("cannot add a user to a service's token", async () => {
			const headers = { "service-token": await token(SECRET), "user-token": "e30.e30.e30" };
			expect(await forge("things.get", { headers }, { id: 5 })).toMatchObject({
				success: false,
				error: { type: "INVALID_TOKEN" }
			});
		});
	});
});
