import { once } from "node:events";
import { Agent, createServer, get, type IncomingMessage } from "node:http";
import { connect } from "node:net";
import { drain } from "../../services/api/server.ts";
import { eventually } from "../support/eventually.ts";
import { gateway, portOf, type Reply } from "../support/gateway.ts";
import { thingService } from "../support/things.ts";

describe("stopping the gateway", () => {
	it("under load fails nobody, and sends everybody elsewhere", async () => {
		const api = await gateway([thingService().schema], { RATE_LIMIT: "off" });
		const answered: Reply[] = [];
		// As a load balancer does it: where a connection is closed to it, it goes to another gateway.
		const clients = Array.from({ length: 16 }, async () => {
			const agent = new Agent({ keepAlive: true, maxSockets: 1 });
			try {
				for (;;) {
					const reply = await api.send("GET", "/api/v2/things/5", { agent });
					answered.push(reply);
					if (reply.headers.connection === "close") return;
				}
			} finally {
				agent.destroy();
			}
		});
		const all = Promise.all(clients);
		await eventually(() => expect(answered.length).toBeGreaterThan(200));
		await Promise.all([all, api.close()]);
		expect(new Set(answered.map(({ status }) => status))).toEqual(new Set([200]));
		expect(answered.filter(({ headers }) => headers.connection === "close")).toHaveLength(16);
		await expect(api.get("/health/live")).rejects.toThrow("ECONNREFUSED");
	});

	it("finishes what is under way, tells that it is stopping, and lets nobody new in", async () => {
		const { schema, hold, streams } = thingService();
		const api = await gateway([schema]);
		let release: (value?: unknown) => void = () => undefined;
		hold.until = new Promise(resolve => {
			release = resolve;
		});
		const slow = api.get("/api/v2/things");
		const [stream] = (await once(
			get({ port: api.port, path: "/api/v2/things/5/stream", agent: false }),
			"response"
		)) as [IncomingMessage];
		stream.on("error", () => undefined);
		await eventually(() => expect(api.api.admission.underWay).toBe(1));
		const stopped = api.close();
		const ready = await eventually(async () => {
			const reply = await api.get("/health/ready");
			expect(reply.status).toBe(503);
			return reply;
		});
		expect(ready.json).toMatchObject({ status: "not ready", reason: "stopping" });
		expect(ready.headers.connection).toBe("close");
		await eventually(() => expect(api.get("/health/live")).rejects.toThrow("ECONNREFUSED"));
		expect(api.api.admission.underWay).toBe(1);
		release();
		expect((await slow).status).toBe(200);
		await stopped;
		await eventually(() => expect(streams[0]!.destroyed).toBe(true));
	});

	it("does not wait for ever for what does not end", async () => {
		const server = createServer(() => undefined);
		server.listen(0, "127.0.0.1");
		await once(server, "listening");
		const socket = connect(portOf(server), "127.0.0.1");
		socket.on("error", () => undefined);
		await once(socket, "connect");
		socket.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
		await once(server, "request");
		const cut = once(socket, "close");
		await drain(server, () => 1, { linger: 1, finish: 50 });
		await cut;
		expect(server.listening).toBe(false);
	});
});
