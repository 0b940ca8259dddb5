import { setTimeout as pause } from "node:timers/promises";
import { Relay } from "../../../../broker/sql/relay.ts";
import { InProcessBus } from "../../../../broker/bus/in-process.ts";
import type { Bus } from "../../../../broker/bus/bus.ts";
import type { SoukEvent } from "../../../../broker/event.ts";
import type { Store } from "../../../../broker/sql/store.ts";
import { eventually } from "../../../support/eventually.ts";
import { cause } from "./probe.ts";
import { notebook, Scratch, type Notebook } from "./scratch.ts";

/** A wire that does with each event what the spec says, and answers at once where it says nothing. */
class Wire implements Bus {
	readonly sent: string[] = [];
	answer: (label: string) => Promise<void> = () => Promise.resolve();

	subscribe(): void {
		throw new Error("nobody listens here");
	}

	publish({ subject, data }: SoukEvent): Promise<void> {
		const label = `${subject.slice(6)}${(data as { n: number }).n}`;
		this.sent.push(label);
		return this.answer(label);
	}
}

let scratch: Scratch;
let store: Store;
let wire: Wire;
let notes: Notebook;
let relay: Relay;

beforeEach(async () => {
	scratch = new Scratch();
	store = await scratch.store();
	wire = new Wire();
	notes = notebook();
	relay = new Relay(store.database, wire, notes.logger);
	store.wakeRelay = () => relay.wake();
});
afterEach(async () => {
	await relay.stop();
	await scratch.remove();
});

const emit = (...labels: string[]) =>
	store.transact(cause(), async unit => {
		for (const label of labels) unit.emit("probe.moved", `probe/${label[0]}`, { n: Number(label.slice(1)) });
	});
const unmarked = async () =>
	(await store.all<{ payload: string }>("SELECT payload FROM outbox WHERE published_at IS NULL ORDER BY seq")).map(
		({ payload }) => {
			const { subject, data } = JSON.parse(payload) as SoukEvent;
			return `${subject.slice(6)}${(data as { n: number }).n}`;
		}
	);
/** Starts a relay that never polls: what it does not do when it is woken, it does not do. */
function startWithoutPoll(): void {
	const poll = jest.spyOn(globalThis, "setInterval").mockReturnValueOnce(undefined as never);
	relay.start();
	poll.mockRestore();
}
const marked = () => eventually(async () => expect(await unmarked()).toEqual([]));

it("sends what is committed, in the order it was committed, and marks it", async () => {
	relay.start();
	await emit("a1", "b1");
	await emit("a2");
	await eventually(() => expect(wire.sent).toEqual(["a1", "b1", "a2"]));
	await marked();
	expect(await relay.backlog()).toBe(0);
});

it("is woken by the commit: nothing waits for the next poll", async () => {
	startWithoutPoll();
	for (let n = 1; n <= 50; n++) {
		await emit(`a${n}`);
		await eventually(() => expect(wire.sent).toHaveLength(n), { every: 1 });
	}
});

it.each([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])(
	"loses no wake-up that comes %i ticks after it looked for the last time",
	async ticks => {
		const committed: { seq: number; payload: string }[] = [];
		let looks = 0;
		const look = jest.spyOn(store.database, "all").mockImplementation(() => {
			const found = Promise.resolve(committed.splice(0) as never);
			if (++looks > 1) return found;
			let tick: Promise<unknown> = found;
			for (let n = 0; n < ticks; n++) tick = tick.then(() => undefined);
			void tick.then(() => {
				committed.push({ seq: 1, payload: JSON.stringify({ subject: "probe/a", data: { n: 1 } }) });
				relay.wake();
			});
			return found;
		});
		startWithoutPoll();
		await eventually(() => expect(wire.sent).toEqual(["a1"]), { within: 2_000, every: 5 });
		look.mockRestore();
	}
);

it("sends what was committed before it started, also what an earlier relay sent and could not mark", async () => {
	await emit("a1", "a2");
	wire.answer = () => new Promise(() => undefined);
	relay.start();
	await eventually(() => expect(wire.sent).toEqual(["a1", "a2"]));
	await relay.stop();
	expect(await unmarked()).toEqual(["a1", "a2"]);

	wire.answer = () => Promise.resolve();
	relay = new Relay(store.database, wire, notes.logger);
	relay.start();
	await eventually(() => expect(wire.sent).toEqual(["a1", "a2", "a1", "a2"]));
	await marked();
});

it("marks only what was answered for", async () => {
	const open: (() => void)[] = [];
	wire.answer = label => (label === "b1" ? new Promise(resolve => open.push(resolve)) : Promise.resolve());
	relay.start();
	await emit("a1", "b1", "c1");
	await eventually(async () => expect(await unmarked()).toEqual(["b1"]));
	expect(wire.sent).toEqual(["a1", "b1", "c1"]);
	await emit("d1");
	await eventually(async () => expect(await unmarked()).toEqual(["b1"]));
	expect(wire.sent).toEqual(["a1", "b1", "c1", "d1"]);
	open[0]!();
	await marked();
});

it("sends again what the wire refused, and lets nothing of its subject overtake it", async () => {
	let refusals = 2;
	const bus = new InProcessBus();
	const got: string[] = [];
	bus.subscribe({
		name: "probe",
		hears: () => true,
		receive: ({ subject, data }) => {
			const label = `${subject.slice(6)}${(data as { n: number }).n}`;
			if (label === "a1" && refusals > 0) {
				refusals--;
				return Promise.reject(new Error("the wire is down"));
			}
			got.push(label);
			return Promise.resolve();
		}
	});
	relay = new Relay(store.database, bus, notes.logger);
	relay.start();
	await emit("a1");
	await eventually(() => expect(notes.lines.filter(({ level }) => level === "warn")).toHaveLength(1));
	await emit("a2");
	await emit("a3", "b1");
	await marked();
	expect(refusals).toBe(0);
	expect(got.filter(label => label.startsWith("a"))).toEqual(["a1", "a2", "a3"]);
	expect(got).toHaveLength(4);
});

it("sends again only what was refused, not what is still under way behind it", async () => {
	const open: (() => void)[] = [];
	let refusals = 1;
	wire.answer = label => {
		if (label === "a1" && refusals-- > 0) return Promise.reject(new Error("the wire is down"));
		return label === "b1" ? new Promise(resolve => open.push(resolve)) : Promise.resolve();
	};
	relay.start();
	await emit("a1", "b1", "c1");
	await eventually(async () => expect(await unmarked()).toEqual(["b1"]));
	open[0]!();
	await marked();
	expect(wire.sent).toEqual(["a1", "b1", "c1", "a1"]);
});

it("sends nothing twice because it polls", async () => {
	const open: (() => void)[] = [];
	wire.answer = () => new Promise(resolve => open.push(resolve));
	relay.start();
	await emit("a1", "b1");
	await eventually(() => expect(wire.sent).toHaveLength(2));
	const began = Date.now();
	await eventually(() => expect(Date.now() - began).toBeGreaterThan(1_200));
	expect(wire.sent).toEqual(["a1", "b1"]);
	for (const answer of open) answer();
	await marked();
	expect(wire.sent).toEqual(["a1", "b1"]);
});

it("carries thousands, with no more than two thousand unanswered at a time", async () => {
	let unanswered = 0;
	let most = 0;
	const open: (() => void)[] = [];
	wire.answer = () => {
		most = Math.max(most, ++unanswered);
		return new Promise(resolve =>
			open.push(() => {
				unanswered--;
				resolve();
			})
		);
	};
	await emit(...Array.from({ length: 5_000 }, (_, n) => `a${n}`));
	startWithoutPoll();
	await eventually(() => expect(unanswered).toBe(2_000));
	await eventually(
		async () => {
			for (const answer of open.splice(0)) answer();
			expect(await unmarked()).toEqual([]);
		},
		{ within: 15_000 }
	);
	expect(most).toBe(2_000);
	expect(wire.sent).toEqual(Array.from({ length: 5_000 }, (_, n) => `a${n}`));
}, 20_000);

it("marks later what it could not mark while the store was busy, without sending it again", async () => {
	const mark = jest.spyOn(store.database, "apply").mockRejectedValueOnce(new Error("the store is busy"));
	relay.start();
	await emit("a1");
	await eventually(() => expect(notes.lines.map(({ message }) => message).join()).toContain("could not be marked"));
	await marked();
	expect(wire.sent).toEqual(["a1"]);
	expect(mark.mock.calls.length).toBeGreaterThan(1);
	mark.mockRestore();
});

it("marks together what is delivered bit by bit, and does not wait for what is not", async () => {
	const held = Promise.withResolvers<void>();
	const labels = Array.from({ length: 20 }, (_, n) => `${String.fromCharCode(97 + n)}1`);
	wire.answer = label => (label === "z1" ? held.promise : pause(20 * labels.indexOf(label)));
	const mark = jest.spyOn(store.database, "apply");
	relay.start();
	await emit("z1", ...labels);
	await eventually(async () => expect(await unmarked()).toEqual(["z1"]));
	expect(mark.mock.calls.length).toBeLessThan(10);
	held.resolve();
	await marked();
	mark.mockRestore();
});

it("goes on when the outbox could not be read for a while", async () => {
	const read = jest.spyOn(store.database, "all").mockRejectedValueOnce(new Error("the store is busy"));
	relay.start();
	await eventually(() => expect(notes.lines.filter(({ level }) => level === "error")).toHaveLength(1));
	await emit("a1");
	await marked();
	expect(wire.sent).toEqual(["a1"]);
	read.mockRestore();
});

it("sends nothing more once it is stopped", async () => {
	relay.start();
	await emit("a1");
	await marked();
	await relay.stop();
	await emit("a2");
	relay.wake();
	expect(await unmarked()).toEqual(["a2"]);
	expect(wire.sent).toEqual(["a1"]);
});

it("sends again, before what is newer, what no longer counts as sent", async () => {
	startWithoutPoll();
	await emit("a1", "a2");
	await marked();
	wire.sent.length = 0;
	store.wakeRelay = () => undefined;
	await emit("b3");
	await store.database.write("spec", tx => tx.run("UPDATE outbox SET published_at = NULL"));
	// It looks for what is newer already when it is told.
	relay.wake();
	relay.rewind();
	await eventually(() => expect(wire.sent).toEqual(["a1", "a2", "b3"]));
	await marked();
});
