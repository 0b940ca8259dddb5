import { Inbox, type Handle } from "../../../broker/inbox.ts";
import { Refusal, StoreUnavailable } from "../../../broker/errors.ts";
import type { SoukEvent } from "../../../broker/event.ts";
import type { Store } from "../../../broker/sql/store.ts";
import { event } from "../../support/node.ts";
import { eventually } from "../../support/eventually.ts";
import "./sql/probe.ts";
import { notebook, Scratch } from "./sql/scratch.ts";

let scratch: Scratch;
let store: Store;
let inbox: Inbox;
/** The number of each event that the handler was given, and what it is to throw at which number. */
let tries: number[];
let faults: Map<number, () => unknown>;
let insideFaults = 0;
let notes: ReturnType<typeof notebook>;

const handle: Handle = async (delivered, ctx) => {
	const { n } = delivered.data as { n: number };
	tries.push(n);
	const fault = faults.get(n)?.();
	// A fault may be anything that is thrown.
	// eslint-disable-next-line @typescript-eslint/only-throw-error
	if (fault) throw fault;
	await ctx.once(async unit => {
		await unit.run("INSERT INTO marks (n) VALUES (?)", [n]);
		if (insideFaults-- > 0) throw new Error("after the write");
	});
};

async function start(): Promise<Inbox> {
	const handlers = new Map([["probe.moved", handle]]);
	const callFor = () => () => Promise.reject(new Error("nobody to call here"));
	const made = new Inbox({ service: "scratch", store, logger: notes.logger, handlers, callFor, maxPauseMs: 2 });
	await made.start();
	made.resume();
	return made;
}

beforeEach(async () => {
	[tries, faults, notes, insideFaults] = [[], new Map(), notebook(), 0];
	scratch = new Scratch();
	store = await scratch.store();
	await store.database.write("tables", tx => tx.run("CREATE TABLE marks (n INTEGER)"));
	inbox = await start();
});
afterEach(async () => {
	inbox.stop();
	await scratch.remove();
});

const moved = (n: number, subject = "probe/1") => event("probe.moved", subject, { n });
const marks = async () => (await store.all<{ n: number }>("SELECT n FROM marks ORDER BY rowid")).map(({ n }) => n);
const letters = () =>
	store.all<{ id: number; status: string; error: string | null; attempts: number }>(
		"SELECT id, status, error, attempts FROM dead_letters ORDER BY id"
	);
const statuses = async () => (await letters()).map(({ status }) => status);
const announced = async () =>
	(await store.all<{ payload: string }>("SELECT payload FROM outbox ORDER BY seq")).map(
		({ payload }) => JSON.parse(payload) as SoukEvent<"system.dead_letter_parked">
	);
class OutOfReach extends Refusal {
	constructor() {
		super("It cannot be done", 409, "OUT_OF_REACH");
	}
}
const refuse = () => new OutOfReach();

describe("an event", () => {
	it("that comes again is not handled again", async () => {
		const one = moved(1);
		await inbox.receive(one);
		await inbox.receive(one);
		inbox = await start();
		await inbox.receive(one);
		expect(await marks()).toEqual([1]);
	});

	it("is handled with the mark that it was, or not at all", async () => {
		const one = moved(1);
		const write = jest.spyOn(store.database, "write");
		insideFaults = 2;
		await inbox.receive(one);
		expect(write).toHaveBeenCalledTimes(3);
		expect(await marks()).toEqual([1]);
		expect(await store.all("SELECT event_id FROM inbox")).toEqual([{ event_id: one.id }]);
		write.mockRestore();
	});

	it("is heard only when there is a handler for it, or for all", async () => {
		expect([inbox.hears("probe.moved"), inbox.hears("probe.lost")]).toEqual([true, false]);
		const all = new Inbox({
			service: "all",
			store,
			logger: notes.logger,
			handlers: new Map([["*", handle]]),
			callFor: () => () => Promise.reject(new Error("nobody"))
		});
		expect(all.hears("probe.lost")).toBe(true);
		await all.receive(moved(8));
		expect(await marks()).toEqual([8]);
	});
});

describe("a fault", () => {
	it("that passes is waited out, however often it comes", async () => {
		let left = 25;
		faults.set(1, () => (left-- > 0 ? new StoreUnavailable("elsewhere", "SQLITE_BUSY") : undefined));
		await inbox.receive(moved(1));
		expect([await marks(), tries.length, await statuses()]).toEqual([[1], 26, []]);
	});

	it("that nobody expected is tried ten times, and then parks the event", async () => {
		faults.set(1, () => new TypeError("undefined is not a function"));
		await inbox.receive(moved(1));
		expect(tries).toHaveLength(10);
		expect(await letters()).toEqual([
			{ id: 1, status: "PARKED", error: "TypeError: undefined is not a function", attempts: 10 }
		]);
	});

	it("that passes does not count towards the ten that nobody expected", async () => {
		let left = 15;
		faults.set(1, () => {
			left--;
			if (left > 5) return new StoreUnavailable("elsewhere", "SQLITE_BUSY");
			return left > 0 ? new TypeError("odd") : undefined;
		});
		await inbox.receive(moved(1));
		expect([await marks(), await statuses()]).toEqual([[1], []]);
	});

	it.each([
		["refusal", refuse, "OutOfReach: It cannot be done"],
		["thing thrown that is no error", () => "just text", "just text"]
	])("that is a %s parks the event and says why", async (_, fault, error) => {
		faults.set(1, fault);
		await inbox.receive(moved(1));
		expect(await letters()).toMatchObject([{ status: "PARKED", error }]);
	});

	it("that is a refusal is not tried again", async () => {
		faults.set(1, refuse);
		await inbox.receive(moved(1));
		expect(tries).toEqual([1]);
	});

	it("in the event itself parks it before any handler sees it", async () => {
		await inbox.receive({ ...moved(1), data: { n: "one" } } as never);
		expect(tries).toEqual([]);
		expect((await letters())[0]).toMatchObject({ status: "PARKED", error: expect.stringContaining("PoisonEvent") });
	});

	it("ends its waiting when the process stops, with nothing parked", async () => {
		faults.set(1, () => new StoreUnavailable("elsewhere", "SQLITE_BUSY"));
		const receiving = inbox.receive(moved(1));
		await eventually(() => expect(tries.length).toBeGreaterThan(2));
		inbox.stop();
		await expect(receiving).rejects.toMatchObject({ name: "AbortError" });
		expect(await statuses()).toEqual([]);
	});
});

describe("a parked event", () => {
	beforeEach(async () => {
		faults.set(1, refuse);
		await inbox.receive(moved(1));
	});

	it("is announced, once, with what it was and why", async () => {
		expect(await announced()).toEqual([
			expect.objectContaining({
				type: "system.dead_letter_parked",
				subject: "dead-letter/scratch-1",
				data: {
					deadLetter: "scratch-1",
					consumer: "scratch",
					type: "probe.moved",
					subject: "probe/1",
					error: "OutOfReach: It cannot be done"
				}
			})
		]);
	});

	it("holds back the later events of its subject, and of no other", async () => {
		await inbox.receive(moved(2));
		await inbox.receive(moved(3, "probe/2"));
		await inbox.receive(moved(4));
		expect(await marks()).toEqual([3]);
		expect(await statuses()).toEqual(["PARKED", "WAITING", "WAITING"]);
	});

	it("holds them back after a restart too", async () => {
		await inbox.receive(moved(2));
		inbox.stop();
		inbox = await start();
		await inbox.receive(moved(3));
		expect(await marks()).toEqual([]);
		expect(await statuses()).toEqual(["PARKED", "WAITING", "WAITING"]);
	});

	it("is not parked twice when it is delivered twice, nor are those that wait", async () => {
		const second = moved(2);
		const again = JSON.parse(
			(await store.get<{ event: string }>("SELECT event FROM dead_letters"))!.event
		) as SoukEvent;
		await inbox.receive(again);
		await inbox.receive(second);
		await inbox.receive(second);
		inbox = await start();
		await inbox.receive(again);
		await inbox.receive(second);
		expect(await statuses()).toEqual(["PARKED", "WAITING"]);
		expect(await announced()).toHaveLength(1);
	});

	it("is handled by a retry, and those that waited follow in their order", async () => {
		for (const n of [2, 3, 4]) await inbox.receive(moved(n));
		faults.clear();
		await inbox.retry(1);
		await eventually(async () => expect(await statuses()).toEqual(Array(4).fill("RETRIED")));
		expect(await marks()).toEqual([1, 2, 3, 4]);
		expect((await announced()).map(({ type }) => type)).toEqual([
			"system.dead_letter_parked",
			"system.dead_letter_retried"
		]);
		await inbox.receive(moved(5));
		expect(await marks()).toEqual([1, 2, 3, 4, 5]);
	});

	it("is handled with other data where the retry brings some, and that is kept", async () => {
		await inbox.retry(1, { n: 10 });
		expect(await marks()).toEqual([10]);
		const { event: kept } = (await store.get<{ event: string }>("SELECT event FROM dead_letters"))!;
		expect((JSON.parse(kept) as SoukEvent).data).toEqual({ n: 10 });
	});

	it("stays parked when the retry fails, or brings data that the contract does not allow", async () => {
		await expect(inbox.retry(1)).rejects.toMatchObject({ type: "DEAD_LETTER_FAILED_AGAIN", code: 409 });
		await expect(inbox.retry(1, { n: "ten" })).rejects.toThrow("could still not be handled");
		expect(await letters()).toMatchObject([
			{ status: "PARKED", attempts: 3, error: expect.stringContaining("Poison") }
		]);
		expect(await marks()).toEqual([]);
	});

	it("is given up by a discard, those that waited follow, and it is not taken up when it comes again", async () => {
		const again = JSON.parse(
			(await store.get<{ event: string }>("SELECT event FROM dead_letters"))!.event
		) as SoukEvent;
		await inbox.receive(moved(2));
		await inbox.discard(1);
		await eventually(async () => expect(await statuses()).toEqual(["DISCARDED", "RETRIED"]));
		faults.clear();
		await inbox.receive(again);
		inbox = await start();
		await inbox.receive(again);
		expect(await marks()).toEqual([2]);
		expect((await announced()).map(({ type }) => type)).toEqual([
			"system.dead_letter_parked",
			"system.dead_letter_discarded"
		]);
	});

	it("can be resolved once only, by whoever is first, and only if it is there", async () => {
		const both = await Promise.allSettled([inbox.discard(1), inbox.discard(1)]);
		expect(both.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
		for (const again of [() => inbox.retry(1), () => inbox.discard(1), () => inbox.retry(99)])
			await expect(again()).rejects.toMatchObject({ type: "DEAD_LETTER_NOT_FOUND", code: 404 });
	});

	it("leaves its place to one that waited and cannot be handled either", async () => {
		for (const n of [2, 3]) await inbox.receive(moved(n));
		faults.set(2, refuse);
		faults.delete(1);
		await inbox.retry(1);
		await eventually(async () => expect(await statuses()).toEqual(["RETRIED", "PARKED", "WAITING"]));
		expect((await announced()).map(({ type, data }) => [type, data.deadLetter])).toEqual([
			["system.dead_letter_parked", "scratch-1"],
			["system.dead_letter_retried", "scratch-1"],
			["system.dead_letter_parked", "scratch-2"]
		]);
		faults.clear();
		await inbox.retry(2);
		await eventually(async () => expect(await marks()).toEqual([1, 2, 3]));
	});

	it("lets those that waited take the time that a passing fault needs", async () => {
		await inbox.receive(moved(2));
		let left = 15;
		faults.set(2, () => (left-- > 0 ? new StoreUnavailable("elsewhere", "SQLITE_BUSY") : undefined));
		await inbox.discard(1);
		await eventually(async () => expect(await statuses()).toEqual(["DISCARDED", "RETRIED"]));
		expect(await marks()).toEqual([2]);
	});

	it("that was resolved just before the process died lets those that waited go on after the start", async () => {
		await inbox.receive(moved(2));
		inbox.stop();
		await store.database.write("the end", tx => tx.run("UPDATE dead_letters SET status = 'RETRIED' WHERE id = 1"));
		inbox = await start();
		await inbox.receive(moved(3));
		await eventually(async () => expect(await marks()).toEqual([2, 3]));
	});
});

it("loses no event that comes in the moment in which its subject is released", async () => {
	for (let round = 0; round < 40; round++) {
		const subject = `probe/race-${round}`;
		const base = round * 100;
		faults.set(base, refuse);
		await inbox.receive(moved(base, subject));
		faults.delete(base);
		const { id } = (await store.get<{ id: number }>("SELECT max(id) AS id FROM dead_letters"))!;
		const releasing = inbox.retry(id);
		// As the bus does: one after the other, at all moments of the release.
		for (let n = 1; n <= 8; n++) await inbox.receive(moved(base + n, subject));
		await releasing;
		const expected = Array.from({ length: 9 }, (_, n) => base + n);
		await eventually(async () => expect((await marks()).filter(n => n >= base)).toEqual(expected));
	}
	await eventually(async () => expect((await statuses()).filter(status => status === "WAITING")).toEqual([]));
});

it("holds a subject in which another event is parked in the moment in which it is released", async () => {
	faults.set(1, refuse).set(2, refuse);
	await inbox.receive(moved(1));
	const { id } = (await letters())[0]!;
	// The look for who is next finds nobody, and tells so only when the second event is parked.
	const get = store.get.bind(store);
	const looked = Promise.withResolvers<void>();
	const parked = Promise.withResolvers<void>();
	const look = jest.spyOn(store, "get").mockImplementation(async (sql, values) => {
		const row = await get(sql, values);
		if (sql.includes("ORDER BY id LIMIT 1")) {
			looked.resolve();
			await parked.promise;
		}
		return row as never;
	});
	await inbox.discard(id);
	await looked.promise;
	await inbox.receive(moved(2));
	parked.resolve();
	await new Promise(turn => setImmediate(turn));
	look.mockRestore();
	await inbox.receive(moved(3));
	expect([await marks(), await statuses()]).toEqual([[], ["DISCARDED", "PARKED", "WAITING"]]);
});

it("does not hold a subject for a poison event that was given up and comes again", async () => {
	const poison = { ...moved(1), data: { n: "one" } } as never;
	await inbox.receive(poison);
	await inbox.discard(1);
	inbox = await start();
	await inbox.receive(poison);
	await inbox.receive(moved(2));
	expect(await marks()).toEqual([2]);
	expect(await statuses()).toEqual(["DISCARDED"]);
});

it("does not announce that it cannot handle an announcement: that would never end", async () => {
	const hearing = new Inbox({
		service: "scratch",
		store,
		logger: notes.logger,
		handlers: new Map([["*", () => Promise.reject(refuse())]]),
		callFor: () => () => Promise.reject(new Error("nobody"))
	});
	const about = { deadLetter: "orders-1", consumer: "orders", type: "probe.moved", subject: "probe/1" };
	await hearing.receive(event("system.dead_letter_parked", "dead-letter/orders-1", { ...about, error: "why" }));
	expect(await statuses()).toEqual(["PARKED"]);
	expect(await announced()).toEqual([]);
});

it("waits until it can write what it parked: the bus is not answered before", async () => {
	faults.set(1, refuse);
	const write = jest.spyOn(store.database, "write");
	for (let n = 0; n < 3; n++) write.mockRejectedValueOnce(new Error("the disk is full"));
	await inbox.receive(moved(1));
	expect(await statuses()).toEqual(["PARKED"]);
	expect(write).toHaveBeenCalledTimes(4);
	write.mockRestore();
});

it("hands its cause on: to the calls of the handler and to the events of its unit", async () => {
	const seen: unknown[] = [];
	const made = new Inbox({
		service: "scratch",
		store,
		logger: notes.logger,
		handlers: new Map<string, Handle>([
			[
				"probe.moved",
				async (_, ctx) => {
					seen.push(ctx.origin);
					await ctx.once(unit => Promise.resolve(unit.emit("probe.moved", "probe/9", { n: 9 })));
				}
			]
		]),
		callFor: () => () => Promise.reject(new Error("nobody"))
	});
	const heard = { ...moved(1), correlationid: "request-5", traceparent: "00-a-b-01" };
	await made.receive(heard);
	expect(seen).toEqual([
		{ unit: "scratch<probe.moved", correlationId: "request-5", causationId: heard.id, traceparent: "00-a-b-01" }
	]);
	expect(await announced()).toEqual([
		expect.objectContaining({ correlationid: "request-5", causationid: heard.id, traceparent: "00-a-b-01" })
	]);
});
