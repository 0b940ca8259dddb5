import { get, type IncomingMessage } from "node:http";
import { once } from "node:events";
import { Readable } from "node:stream";
import { Admission } from "../../services/api/admission.ts";
import { sendEvents } from "../../services/api/event-stream.ts";
import type { Exchange } from "../../services/api/exchange.ts";
import { eventually } from "../support/eventually.ts";
import { gateway, type TestGateway } from "../support/gateway.ts";
import { thingService } from "../support/things.ts";

describe("a stream of events", () => {
	const { schema, streams } = thingService();
	let api: TestGateway;
	beforeAll(async () => {
		api = await gateway([schema]);
	});
	afterAll(() => api.close());
	beforeEach(() => {
		streams.length = 0;
	});

	const open = async (path = "/api/v1/things/5/stream"): Promise<{ reply: IncomingMessage; text: () => string }> => {
		const [reply] = (await once(get({ port: api.port, path, agent: false }), "response")) as [IncomingMessage];
		let text = "";
		reply.on("data", chunk => (text += String(chunk)));
		reply.on("error", () => undefined);
		return { reply, text: () => text };
	};

	it("is open before anything happens, and sends each event when it happens", async () => {
		const { reply, text } = await open();
		expect(reply.statusCode).toBe(200);
		expect(reply.headers).toMatchObject({
			"content-type": "text/event-stream; charset=utf-8",
			"cache-control": "no-store",
			"x-content-type-options": "nosniff",
			deprecation: "@1796083200"
		});
		streams[0]!.push("event: one\ndata: 1\n\n");
		await eventually(() => expect(text()).toBe("event: one\ndata: 1\n\n"));
		streams[0]!.push("event: two\ndata: 2\n\n");
		streams[0]!.push(null);
		await once(reply, "end");
		expect(text()).toBe("event: one\ndata: 1\n\nevent: two\ndata: 2\n\n");
	});

	it("closes its source when the client goes away", async () => {
		const { reply } = await open();
		expect(streams[0]!.destroyed).toBe(false);
		reply.destroy();
		await eventually(() => expect(streams[0]!.destroyed).toBe(true));
	});

	it("is cut off when its source fails, and nothing else is", async () => {
		const { reply } = await open();
		streams[0]!.destroy(new Error("the store is gone"));
		await eventually(() => expect(reply.destroyed).toBe(true));
		expect(reply.complete).toBe(false);
		expect((await api.get("/api/v2/things/5")).status).toBe(200);
	});

	it("answers HEAD without being opened", async () => {
		const head = await api.send("HEAD", "/api/v2/things/5/stream");
		expect([head.status, head.headers["content-type"], head.text]).toEqual([
			200,
			"text/event-stream; charset=utf-8",
			""
		]);
		expect(streams[0]!.destroyed).toBe(true);
	});

	it("takes no request's place, and there are only so many", async () => {
		api.api.admission = new Admission({ requests: 1, reads: 1, streams: 1 });
		const { reply } = await open();
		expect((await api.get("/api/v2/things/5")).status).toBe(200);
		expect((await api.get("/api/v2/things/5/stream")).json.code).toBe("OVERLOADED");
		reply.destroy();
		const again = await eventually(async () => {
			const next = await open();
			expect(next.reply.statusCode).toBe(200);
			return next;
		});
		again.reply.destroy();
		api.api.admission = new Admission();
	});

	it("keeps its connection open with a comment now and then, until it ends", async () => {
		jest.useFakeTimers();
		try {
			const written: string[] = [];
			const closing: (() => void)[] = [];
			const res = {
				write: (text: string) => written.push(text),
				flushHeaders: () => undefined,
				once: (_: string, close: () => void) => closing.push(close),
				writableEnded: false
			};
			const exchange = {
				req: { method: "GET" },
				res,
				set: () => undefined,
				open: () => undefined
			} as unknown as Exchange;
			const source = Object.assign(new Readable({ read: () => undefined }), { pipe: () => undefined });
			const over = sendEvents(exchange, source, 1_000);
			jest.advanceTimersByTime(2_500);
			expect(written).toEqual([": still here\n\n", ": still here\n\n"]);
			res.writableEnded = true;
			jest.advanceTimersByTime(1_000);
			expect(written).toHaveLength(2);
			for (const close of closing) close();
			await over;
			expect(jest.getTimerCount()).toBe(0);
			expect(source.destroyed).toBe(true);
		} finally {
			jest.useRealTimers();
		}
	});
});
