import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { connect, ErrorCode, type NatsConnection } from "nats";
import { JetStreamBus } from "../../broker/bus/jetstream.ts";
import { addressFor, natsConf } from "../../scripts/cluster/nats-conf.ts";
import { eventually } from "../support/eventually.ts";
import { describeWithNats, NatsServer } from "../support/nats-server.ts";
import { event } from "../support/node.ts";

const PASSWORDS = { souk: "all", orders: "of-orders", payments: "of-payments", audit: "of-audit" };
const SERVICES = ["orders", "payments", "audit"];
const HEARD = new Map([
	["order.created", ["payments"]],
	["payment.captured", ["orders"]],
	["*", ["audit"]]
]);
const silent = { debug() {}, info() {}, warn() {}, error() {} } as never;

describeWithNats("a server with passwords and permissions", () => {
	const server = new NatsServer();
	const open: { close(): Promise<unknown> }[] = [];
	beforeAll(async () => {
		const file = join(server.folder, "nats.conf");
		writeFileSync(file, natsConf(SERVICES, HEARD, PASSWORDS));
		server.flags = [...server.flags, "-c", file];
		await server.start();
		// The stream is there from now on.
		await (await bus("orders")).quiet();
	});
	afterAll(async () => {
		await Promise.all(open.map(one => one.close()));
		await server.close();
	});

	const bus = async (service: string, types: string[] = [], read: string[] = []): Promise<JetStreamBus> => {
		const made = new JetStreamBus({ url: addressFor(server.url, [service], PASSWORDS), name: service, logger: silent });
		if (types.length > 0)
			made.subscribe({
				name: service,
				types,
				hears: () => true,
				receive: ({ type, source }) => Promise.resolve(void read.push(`${source} ${type}`))
			});
		open.push(made);
		await made.start();
		return made;
	};
	const client = async (user: keyof typeof PASSWORDS): Promise<NatsConnection> => {
		const nats = await connect({ servers: server.url, user, pass: PASSWORDS[user], inboxPrefix: `_INBOX.${user}` });
		open.push(nats);
		return nats;
	};
	/** What the server said of a subscription. */
	const listening = async (nats: NatsConnection, subject: string): Promise<string> => {
		let said = "allowed";
		nats.subscribe(subject, { callback: error => (said = error ? error.code : said) });
		await nats.flush();
		await nats.flush();
		return said;
	};

	it.each([
		["no name", {}],
		["a name without its password", { user: "orders" }],
		["another's password", { user: "orders", pass: PASSWORDS.payments }],
		["a name that nobody has", { user: "admin", pass: "admin" }]
	])("lets nobody in with %s", async (_, credentials) => {
		await expect(connect({ servers: server.url, ...credentials })).rejects.toMatchObject({
			code: "AUTHORIZATION_VIOLATION"
		});
	});

	it("lets services say and hear what they should", async () => {
		const [all, some]: string[][] = [[], []];
		await bus("audit", ["*"], all);
		await bus("payments", ["order.created"], some);
		const orders = await bus("orders", ["payment.captured"]);
		await orders.publish({ ...event("order.created", "order/1", {} as never), source: "/souk/orders" });
		await eventually(() =>
			expect([all, some]).toEqual([["/souk/orders order.created"], ["/souk/orders order.created"]])
		);
		await orders.check();
	});

	it("stores no event that a service says in another's name", async () => {
		const nats = await client("payments");
		const published = nats.jetstream().publish("souk.events.orders.order.created", "{}", { timeout: 500 });
		await expect(published).rejects.toThrow();
		const owner = await client("souk");
		const { state } = await (await owner.jetstreamManager()).streams.info("souk", { subjects_filter: ">" });
		expect(Object.keys(state.subjects ?? {})).toEqual(["souk.events.orders.order.created"]);
		expect(state.messages).toBe(1);
	});

	it("lets a service hear no call, answer or inbox of another", async () => {
		const nats = await client("payments");
		for (const subject of [
			"MOL.REQ.orders.>",
			"MOL.RES.orders.>",
			"MOL.REQ.>",
			"_INBOX.>",
			"_INBOX.orders.>",
			">",
			"souk.events.>"
		])
			expect([subject, await listening(nats, subject)]).toEqual([subject, "PERMISSIONS_VIOLATION"]);
		expect(await listening(nats, "MOL.REQ.payments.>")).toBe("allowed");
	});

	it("tells a service at once that nobody hears its call", async () => {
		const nats = await client("orders");
		await expect(nats.request("MOL.REQ.audit.gone", "{}", { timeout: 60_000 })).rejects.toMatchObject({
			code: ErrorCode.NoResponders
		});
	});

	it("lets no service touch another's deliveries, or the stream itself", async () => {
		const nats = await client("payments");
		const manager = await nats.jetstreamManager({ timeout: 500 });
		await expect(manager.streams.delete("souk")).rejects.toThrow();
		await expect(manager.streams.purge("souk")).rejects.toThrow();
		await expect(manager.consumers.delete("souk", "audit")).rejects.toThrow();
		await expect(manager.consumers.add("souk", { durable_name: "spy", ack_policy: "none" as never })).rejects.toThrow();
		const owner = await client("souk");
		const { state } = await (await owner.jetstreamManager()).streams.info("souk");
		expect(state).toMatchObject({ messages: 1, consumer_count: 3 });
	});
});
