import { once } from "node:events";
import { get, type IncomingMessage } from "node:http";
import type { ServiceSchema } from "moleculer";
import audit, { type AuditService } from "../../services/audit/audit.service.ts";
import { eventually } from "../support/eventually.ts";
import { gateway, type TestGateway } from "../support/gateway.ts";
import { event } from "../support/node.ts";

interface Sent {
	id: number;
	event?: { seq: number; type: string; subject: string };
}

let api: TestGateway;
let admin: Record<string, string>;
async function start(following?: object): Promise<void> {
	const settings = { ...(audit.settings as object), ...(following && { following }) };
	api = await gateway([{ ...audit, settings } as ServiceSchema]);
	admin = await api.bearer(9, "staff", "admin");
}
afterEach(() => api.close());

/** Publishes events; they are in the log when this resolves. */
const happen = async (...events: ["order" | "shipment", number][]): Promise<void> => {
	for (const [entity, id] of events)
		await api.publish(
			entity === "order"
				? event("order.delivered", `order/${id}`, { orderId: id, userId: 1, shipmentId: id, total: 5, currency: "EUR" })
				: event("shipment.delivered", `shipment/${id}`, { shipmentId: id, orderId: id, userId: 1 })
		);
};

/** Opens the stream and gathers what it sends. */
async function open(query = "", headers: Record<string, string> = {}) {
	const options = {
		port: api.port,
		path: `/api/v2/admin/events/stream${query}`,
		headers: { ...admin, ...headers },
		agent: false as const
	};
	const [reply] = (await once(get(options), "response")) as [IncomingMessage];
	let text = "";
	let over = false;
	reply.on("data", chunk => (text += String(chunk)));
	reply.on("end", () => (over = true));
	reply.on("error", () => undefined);
	const sent = (): Sent[] =>
		text
			.split("\n\n")
			.slice(0, -1)
			.map(block => {
				const data = /^data: (.*)$/m.exec(block)?.[1];
				return {
					id: Number(/^id: (\d+)$/m.exec(block)?.[1]),
					...(data && { event: JSON.parse(data) as Sent["event"] })
				};
			});
	return {
		reply,
		sent,
		/** Whether all of it was read: it is complete before that. */
		over: () => over,
		/** The places in the log of the events that came. */
		seqs: () => sent().flatMap(({ event }) => event?.seq ?? [])
	};
}

describe("the stream of events", () => {
	it("sends what is new when it is in the log, with its place as the id, and nothing from before", async () => {
		await start();
		await happen(["order", 1], ["order", 2]);
		const { reply, sent, seqs } = await open();
		expect(reply.headers["content-type"]).toBe("text/event-stream; charset=utf-8");
		await eventually(() => expect(sent()).toEqual([{ id: 2 }]));
		await happen(["order", 3], ["shipment", 3]);
		await eventually(() => expect(seqs()).toEqual([3, 4]));
		const [newest] = (await api.get("/api/v2/admin/events?limit=1", admin)).json.items as object[];
		expect(sent().at(-1)).toEqual({ id: 4, event: newest });
		expect(newest).not.toHaveProperty("hash");
		reply.destroy();
	});

	it("goes on behind a place, and behind the last id that a browser saw rather than where it began", async () => {
		await start();
		await happen(["order", 1], ["order", 2], ["order", 3]);
		const whole = await open("?after=0");
		await eventually(() => expect(whole.seqs()).toEqual([1, 2, 3]));
		const again = await open("?after=0", { "last-event-id": "2" });
		await eventually(() => expect(again.seqs()).toEqual([3]));
		whole.reply.destroy();
		again.reply.destroy();
	});

	it("sends only one type, one topic or what is about one subject", async () => {
		await start();
		const [type, topic, subject] = await Promise.all(
			["?type=order.delivered", "?topic=shipment.events", "?subject=order/2"].map(query => open(query))
		);
		await eventually(() => expect(subject!.sent()).toHaveLength(1));
		await happen(["order", 1], ["shipment", 1], ["order", 2], ["shipment", 2]);
		await eventually(() => {
			expect(type!.seqs()).toEqual([1, 3]);
			expect(topic!.seqs()).toEqual([2, 4]);
			expect(subject!.seqs()).toEqual([3]);
		});
		for (const { reply } of [type!, topic!, subject!]) reply.destroy();
	});

	it("ends after so many events, and whoever comes back with the last id misses none and sees none twice", async () => {
		await start({ page: 3, most: 5, forMs: 60_000 });
		await happen(...Array.from({ length: 12 }, (_, index): ["order", number] => ["order", index + 1]));
		const seen: number[] = [];
		let last = 0;
		while (seen.length < 10) {
			const { over, sent, seqs } = await open("", { "last-event-id": String(last) });
			await eventually(() => expect(over()).toBe(true));
			expect(seqs()).toHaveLength(5);
			seen.push(...seqs());
			last = sent().at(-1)!.id;
		}
		expect(seen).toEqual(Array.from({ length: 10 }, (_, index) => index + 1));
	});

	it("ends after a while, and says how far it looked though nothing was wanted", async () => {
		await start({ page: 100, most: 100, forMs: 1 });
		await happen(["order", 1], ["order", 2]);
		const { over, sent } = await open("?after=0&type=task.created");
		await eventually(() => expect(over()).toBe(true));
		expect(sent()).toEqual([{ id: 0 }, { id: 2 }]);
	});

	it("reads no further than its reader does", async () => {
		await start({ page: 10, most: 100_000, forMs: 60_000 });
		await Promise.all(Array.from({ length: 200 }, (_, index) => happen(["order", index + 1])));
		const { store } = api.broker.getLocalService("audit") as AuditService;
		const reads = jest.spyOn(store, "all");
		const stream = await api.call("audit.stream", { after: 0 });
		const source = (stream as AsyncIterable<string>)[Symbol.asyncIterator]();
		for (let count = 0; count < 25; count++) await source.next();
		const read = reads.mock.calls.length;
		await new Promise(resolve => setImmediate(resolve));
		// What lies ready for the reader is a page or a few, not the log.
		expect(reads.mock.calls.length).toBe(read);
		expect(read).toBeLessThan(10);
		await source.return?.();
	});

	it("is for admins alone, and refuses what it does not know", async () => {
		await start();
		const status = async (headers: Record<string, string>, query = "") =>
			(await api.get(`/api/v2/admin/events/stream${query}`, headers)).status;
		expect(await status({})).toBe(401);
		expect(await status(await api.bearer(1))).toBe(403);
		expect(await status(await api.bearer(8, "staff"))).toBe(403);
		expect(await status(admin, "?actor=bob")).toBe(400);
		expect(await status({ ...admin, "last-event-id": "yesterday" })).toBe(400);
	});
});
