import { spawn } from "node:child_process";
import { join } from "node:path";
import { connect, type JetStreamManager, type NatsConnection } from "nats";
import type { Consumer } from "../../broker/bus/bus.ts";
import { JetStreamBus } from "../../broker/bus/jetstream.ts";
import type { Duty, Turns } from "../../broker/sql/sql.ts";
import type { SoukEvent } from "../../broker/event.ts";
import { eventually } from "../support/eventually.ts";
import { describeWithNats, NatsServer } from "../support/nats-server.ts";
import { event } from "../support/node.ts";

const ROOT = join(import.meta.dirname, "../..");
const PATIENT = { within: 20_000 };
const silent = { debug() {}, info() {}, warn() {}, error() {} } as never;

/** A reader that notes what it was given; `habit` may wait or throw before. */
const reader = (habit: (event: SoukEvent) => unknown = () => undefined, name = "reader") => {
	const read: string[] = [];
	const consumer: Consumer = {
		name,
		types: ["letter.written"],
		hears: type => type === "letter.written",
		receive: async given => {
			await habit(given);
			read.push(`${given.subject.slice(7)} ${(given.data as unknown as { n: number }).n}`);
		}
	};
	return { consumer, read };
};
const letter = (to: string, n: number) => event("letter.written" as never, `letter/${to}`, { n } as never);
const letters = (to: string, count: number) => Array.from({ length: count }, (_, n) => letter(to, n));

// checklist: 66, 68
describeWithNats("the wire over JetStream", () => {
	const server = new NatsServer();
	const open: JetStreamBus[] = [];
	let nats: NatsConnection;
	let manager: JetStreamManager;
	const wire = async (...consumers: Consumer[]): Promise<JetStreamBus> => {
		const bus = new JetStreamBus({ url: server.url, name: "spec", logger: silent });
		for (const consumer of consumers) bus.subscribe(consumer);
		open.push(bus);
		await bus.start();
		return bus;
	};
	beforeAll(async () => {
		await server.start();
		nats = await connect({ servers: server.url, maxReconnectAttempts: -1, reconnectTimeWait: 50 });
		manager = await nats.jetstreamManager();
	});
	afterEach(async () => {
		await Promise.all(open.splice(0).map(bus => bus.close()));
		await manager.streams.delete("souk").catch(() => undefined);
	});
	afterAll(async () => {
		await nats.close();
		await server.close();
	});

	it("keeps what it answered for, also for who comes later", async () => {
		const early = reader();
		const bus = await wire(early.consumer);
		await Promise.all(letters("alice", 50).map(each => bus.publish(each)));
		const expected = letters("alice", 50).map((_, n) => `alice ${n}`);
		await eventually(() => expect(early.read).toEqual(expected));
		const late = reader(undefined, "late");
		await wire(late.consumer);
		await eventually(() => expect(late.read).toEqual(expected));
	});

	it("spares a consumer what it does not hear, and does not give it that again", async () => {
		const { consumer, read } = reader();
		const bus = await wire(consumer);
		await bus.publish(event("letter.burnt" as never, "letter/alice", {} as never));
		await bus.publish(event("parcel.sent" as never, "parcel/alice", {} as never));
		await bus.publish(letter("alice", 1));
		await eventually(() => expect(read).toEqual(["alice 1"]));
		await eventually(async () =>
			expect(await manager.consumers.info("souk", "reader-letter")).toMatchObject({
				num_ack_pending: 0,
				num_pending: 0,
				delivered: { consumer_seq: 2 }
			})
		);
	});

	it("stores an event once that is sent twice", async () => {
		const bus = await wire();
		const twice = letter("alice", 1);
		await Promise.all([bus.publish(twice), bus.publish(twice)]);
		expect((await manager.streams.info("souk")).state.messages).toBe(1);
	});

	it("keeps the order of a subject, while another that is stuck holds up nobody", async () => {
		const held = Promise.withResolvers<void>();
		const { consumer, read } = reader(({ subject }) => (subject === "letter/bob" ? held.promise : undefined));
		const bus = await wire(consumer);
		const mixed = [...letters("bob", 5), ...letters("alice", 100)];
		await Promise.all(mixed.map(each => bus.publish(each)));
		await eventually(() => expect(read).toEqual(letters("alice", 100).map((_, n) => `alice ${n}`)));
		held.resolve();
		await eventually(() => expect(read.slice(100)).toEqual([0, 1, 2, 3, 4].map(n => `bob ${n}`)));
	});

	it("tries an event again that a consumer could not take, and lets none overtake it", async () => {
		let failures = 3;
		const { consumer, read } = reader(({ data }) => {
			if ((data as unknown as { n: number }).n === 0 && failures-- > 0) throw new Error("not now");
		});
		const bus = await wire(consumer);
		await Promise.all(letters("alice", 3).map(each => bus.publish(each)));
		await eventually(() => expect(read).toEqual(["alice 0", "alice 1", "alice 2"]));
	});

	it("delivers at once, and in order, what a killed process had not answered for", async () => {
		const bus = await wire();
		const sent = letters("alice", 20);
		for (const each of sent.slice(0, 10)) await bus.publish(each);
		const stuck = spawn(join(ROOT, "node_modules/.bin/node"), [join(ROOT, "test/support/stuck-reader.ts"), server.url]);
		let taken = "";
		stuck.stdout.on("data", chunk => (taken += String(chunk)));
		await eventually(() => expect(taken).toContain(sent[0]!.id), PATIENT);
		stuck.kill("SIGKILL");
		await new Promise(resolve => stuck.once("exit", resolve));
		for (const each of sent.slice(10)) await bus.publish(each);
		const { consumer, read } = reader();
		await wire(consumer);
		// Long before the server itself would deliver them again: it waits half a minute.
		await eventually(() => expect(read).toEqual(sent.map((_, n) => `alice ${n}`)), { within: 15_000 });
	});

	it("goes on by itself when the server was killed and is back", async () => {
		const { consumer, read } = reader();
		const bus = await wire(consumer);
		await bus.publish(letter("alice", 0));
		await server.stop("SIGKILL");
		await eventually(() => expect(bus.check()).rejects.toThrow("no connection"));
		let answered = false;
		const waiting = bus.publish(letter("alice", 1)).then(() => (answered = true));
		const next = bus.publish(letter("alice", 2));
		expect(answered).toBe(false);
		await server.start();
		await Promise.all([waiting, next]);
		await eventually(() => expect([...new Set(read)]).toEqual(["alice 0", "alice 1", "alice 2"]), PATIENT);
		await bus.check();
	});

	it("gives up what waits for the server when the process stops", async () => {
		const bus = await wire();
		await server.stop();
		const waiting = bus.publish(letter("alice", 0));
		const refused = expect(waiting).rejects.toThrow();
		await bus.close();
		await refused;
		await server.start();
		await eventually(() => nats.flush());
	});

	it("mends a stream and a consumer that are not as they should be", async () => {
		await (await wire(reader().consumer)).close();
		const { config } = await manager.streams.info("souk");
		await manager.streams.update("souk", { ...config, discard: "old" as never, max_age: 3600e9, max_msgs: 5 });
		await manager.consumers.update("souk", "reader-letter", { max_deliver: 3, ack_wait: 1e9, max_ack_pending: 1 });
		await wire(reader().consumer);
		expect((await manager.streams.info("souk")).config).toMatchObject({ ...config, discard: "new", max_msgs: -1 });
		expect((await manager.consumers.info("souk", "reader-letter")).config).toMatchObject({
			ack_policy: "explicit",
			max_deliver: -1,
			ack_wait: 30e9
		});
	});

	it("does not start on a stream that it cannot mend, and says what is wrong with it", async () => {
		await manager.streams.add({ name: "souk", subjects: ["souk.events.>"], storage: "memory" as never });
		await expect(wire()).rejects.toThrow("storage is memory, must be file");
		await manager.streams.delete("souk");
		await manager.streams.add({ name: "souk", subjects: ["souk.events.>"] });
		await manager.consumers.add("souk", { durable_name: "reader-letter", ack_policy: "none" as never });
		await expect(wire(reader().consumer)).rejects.toThrow("ack policy none");
	});

	it("leaves out what is no event", async () => {
		const { consumer, read } = reader();
		const bus = await wire(consumer);
		await nats.jetstream().publish("souk.events.spec.letter.written", "{ broken");
		await bus.publish(letter("alice", 1));
		await eventually(() => expect(read).toEqual(["alice 1"]));
	});

	it("has its durable consumer made again when somebody deletes it", async () => {
		const { consumer, read } = reader();
		const bus = await wire(consumer);
		await bus.publish(letter("alice", 0));
		await eventually(() => expect(read).toEqual(["alice 0"]));
		await manager.consumers.delete("souk", "reader-letter");
		await bus.publish(letter("alice", 1));
		await eventually(() => expect(read.at(-1)).toBe("alice 1"), PATIENT);
	});
});

describeWithNats("two processes of one service", () => {
	const server = new NatsServer();
	beforeAll(() => server.start());
	afterAll(() => server.close());
	afterEach(() => {
		asking.length = 0;
	});
	/** How many deliveries the server has no answer for yet: a turn that ends before is followed by one that begins with them. */
	const unanswered = async (): Promise<number> => {
		const nats = await connect({ servers: server.url });
		const manager = await nats.jetstreamManager();
		const { num_ack_pending } = await manager.consumers.info("souk", "reader-letter");
		await nats.close();
		return num_ack_pending;
	};
	/** Those who want the deliveries, in the order they asked; the first has them. As a database that both have would choose. */
	const asking: Turns[] = [];
	const duty = (turns: Turns): Duty => {
		if (asking.push(turns) === 1) turns.take();
		return {
			nudge: () => undefined,
			end: async () => {
				const [had] = asking;
				asking.splice(asking.indexOf(turns), 1);
				if (had !== turns) return;
				turns.lose();
				asking[0]?.take();
				return Promise.resolve();
			}
		};
	};
	const start = async (read: string[], name: string): Promise<JetStreamBus> => {
		const bus = new JetStreamBus({ url: server.url, name, logger: silent });
		const { consumer } = reader(({ subject, data }) => void read.push(`${name} ${subject} ${JSON.stringify(data)}`));
		bus.subscribe({ ...consumer, duty });
		await bus.start();
		return bus;
	};

	it("take turns: one has all deliveries, in order, until it stops, and then the other", async () => {
		const read: string[] = [];
		const first = await start(read, "first");
		await first.publish(letter("alice", 0));
		await eventually(() => expect(read).toEqual(['first letter/alice {"n":0}']));
		const second = await start(read, "second");
		await Promise.all(letters("alice", 200).map(each => second.publish(each)));
		const all = letters("alice", 200).map((_, n) => `letter/alice {"n":${n}}`);
		await eventually(() => expect(read.slice(1)).toEqual(all.map(each => `first ${each}`)));
		await eventually(async () => expect(await unanswered()).toBe(0));
		await first.close();
		await second.publish(letter("bob", 1));
		await eventually(() => expect(read.slice(201)).toEqual(['second letter/bob {"n":1}']));
		await second.close();
	});

	it("follow one another when one is cut off, and lose nothing", async () => {
		const read: string[] = [];
		const first = await start(read, "first");
		const second = await start(read, "second");
		await server.stop("SIGKILL");
		await server.start();
		const sent = letters("carol", 50);
		await Promise.all(sent.map(each => second.publish(each)));
		const told = () => read.map(each => each.slice(each.indexOf(" ") + 1)).filter(each => each.includes("carol"));
		const all = sent.map((_, n) => `letter/carol {"n":${n}}`);
		await eventually(() => expect([...new Set(told())]).toEqual(all), PATIENT);
		await Promise.all([first.close(), second.close()]);
	});
});

describeWithNats("a server without JetStream", () => {
	it("is named, with what to do about it", async () => {
		const server = new NatsServer();
		await server.start();
		await server.stop();
		server.flags = [];
		await server.start();
		const bus = new JetStreamBus({ url: server.url, name: "spec", logger: silent });
		await expect(bus.start()).rejects.toThrow(/does not offer JetStream.*start it with -js/);
		await bus.close();
		await server.close();
	});
});
