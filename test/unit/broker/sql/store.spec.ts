import { DeadlineExceeded, IdempotencyKeyReused } from "../../../../broker/errors.ts";
import type { SoukEvent } from "../../../../broker/event.ts";
import type { Store, Unit } from "../../../../broker/sql/store.ts";
import { onPostgres } from "../../../support/stores.ts";
import { cause } from "./probe.ts";
import { Scratch } from "./scratch.ts";

const scratch = new Scratch();
let store: Store;

beforeAll(async () => {
	store = await scratch.store();
	await store.database.write("tables", tx => tx.run("CREATE TABLE marks (name TEXT PRIMARY KEY)"));
});
afterAll(() => scratch.remove());
beforeEach(() =>
	store.database.write("empty", async tx => {
		for (const table of ["marks", "outbox", "idempotency_keys"]) await tx.run(`DELETE FROM ${table}`);
	})
);

const mark = (unit: Unit, name: string) => unit.run("INSERT INTO marks (name) VALUES (?)", [name]);
const count = async (table: string) => (await store.get<{ n: number }>(`SELECT count(*) AS n FROM ${table}`))!.n;
const outbox = () => store.all("SELECT * FROM outbox ORDER BY seq");

describe("an event", () => {
	it("is committed with the rows it announces, as a CloudEvent with its cause", async () => {
		const origin = { causationId: "call-7", traceparent: "00-1-2-01" };
		await store.transact(cause(origin), async unit => {
			await mark(unit, "a");
			unit.emit("probe.moved", "probe/1", { n: 1 }, 4);
		});
		const [row] = await outbox();
		expect(row).toMatchObject({
			topic: "probe.events",
			type: "probe.moved",
			subject: "probe/1",
			aggregate_version: 4,
			published_at: null
		});
		const event = JSON.parse(row!.payload as string) as SoukEvent;
		expect(event).toEqual({
			specversion: "1.0",
			id: row!.id,
			source: "/souk/scratch",
			type: "probe.moved",
			subject: "probe/1",
			time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
			sequence: 4,
			traceparent: "00-1-2-01",
			correlationid: "request-1",
			causationid: "call-7",
			data: { n: 1 }
		});
		expect(event.id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
	});

	it("of a unit that fails is not committed, before a write and after one", async () => {
		const failing = (writes: boolean) =>
			store.transact(cause(), async unit => {
				unit.emit("probe.moved", "probe/1", { n: 1 });
				if (writes) await mark(unit, "b");
				throw new Error("no");
			});
		await expect(failing(false)).rejects.toThrow("no");
		await expect(failing(true)).rejects.toThrow("no");
		expect(await outbox()).toEqual([]);
		expect(await count("marks")).toBe(0);
	});

	it("that is not what its contract says fails its unit", async () => {
		const broken = store.transact(cause(), async unit => {
			await mark(unit, "c");
			unit.emit("probe.moved", "probe/1", { n: 1.5 });
		});
		await expect(broken).rejects.toThrow("expected int");
		await expect(
			store.transact(cause(), unit => Promise.resolve(unit.emit("probe.moved", "probe/1", { n: 1, m: 2 } as never)))
		).rejects.toThrow("Unrecognized key");
		expect(await outbox()).toEqual([]);
		expect(await count("marks")).toBe(0);
	});

	it("of a version that its subject has reached already fails its unit", async () => {
		const emit = () => store.transact(cause(), async unit => unit.emit("probe.moved", "probe/2", { n: 1 }, 1));
		await emit();
		await expect(emit()).rejects.toThrow(/unique/i);
		expect(await count("outbox")).toBe(1);
	});

	it("wakes the relay once a unit, after the commit", async () => {
		const seen: number[] = [];
		store.wakeRelay = () => seen.push(seen.length);
		await store.transact(cause(), async unit => {
			unit.emit("probe.moved", "probe/3", { n: 1 });
			unit.emit("probe.moved", "probe/3", { n: 2 });
			expect(seen).toEqual([]);
		});
		await store.transact(cause(), unit => mark(unit, "silent"));
		expect(seen).toEqual([0]);
		store.wakeRelay = () => undefined;
	});
});

it("gives all rows of a unit one time", async () => {
	const times = await store.transact(cause(), async unit => {
		const first = unit.now;
		await mark(unit, "d");
		return [first, unit.now];
	});
	expect(times[0]).toBe(times[1]);
	expect(Math.abs(Date.parse(times[0]!) - Date.now())).toBeLessThan(1_000);
});

describe("a client's key", () => {
	const keyed = (over: { key?: string; scope?: string; fingerprint?: string; replayed?: () => void } = {}) => {
		const { replayed, ...more } = over;
		return cause({
			idempotency: { scope: "user 1 probes.add", key: "key-0001", fingerprint: "f1", ...more },
			replayed
		});
	};
	const add = (name: string) => async (unit: Unit) => {
		await mark(unit, name);
		return { name, at: unit.now, nothing: undefined };
	};

	it("answers a repeat with what was answered first, and does nothing again", async () => {
		const replayed = jest.fn();
		const first = await store.transact(keyed({ replayed }), add("once"));
		expect(replayed).not.toHaveBeenCalled();
		const second = await store.transact(keyed({ replayed }), add("twice"));
		expect(replayed).toHaveBeenCalledTimes(1);
		expect(JSON.stringify(second)).toBe(JSON.stringify(first));
		expect(await store.all("SELECT name FROM marks")).toEqual([{ name: "once" }]);
	});

	it("is refused for another request", async () => {
		await store.transact(keyed(), add("once"));
		const other = store.transact(keyed({ fingerprint: "f2" }), add("other"));
		await expect(other).rejects.toBeInstanceOf(IdempotencyKeyReused);
		await expect(other).rejects.toMatchObject({ code: 422, type: "IDEMPOTENCY_KEY_REUSED" });
		expect(await count("marks")).toBe(1);
	});

	it("belongs to whoever sent it", async () => {
		await store.transact(keyed(), add("mine"));
		await store.transact(keyed({ scope: "user 2 probes.add" }), add("yours"));
		expect(await count("marks")).toBe(2);
	});

	it("sent a hundred times at once has one effect and a hundred equal answers", async () => {
		let runs = 0;
		const answers = await Promise.all(
			Array.from({ length: 100 }, (_, n) =>
				store.transact(keyed(), async unit => {
					runs++;
					return add(`try ${n}`)(unit);
				})
			)
		);
		expect(new Set(answers.map(answer => JSON.stringify(answer))).size).toBe(1);
		expect(await count("marks")).toBe(1);
		// Those that wait in the same group find the first one's record: nothing is done and taken back.
		if (!onPostgres()) expect(runs).toBe(1);
	});

	it("sent twice at once is answered twice alike, also where the first one's effect would refuse the second", async () => {
		const register = () =>
			store.transact(keyed(), async unit => {
				if (await unit.get("SELECT 1 FROM marks WHERE name = 'alice'")) throw new Error("the name is taken");
				return add("alice")(unit);
			});
		const [first, second] = await Promise.all([register(), register()]);
		expect(second).toEqual(first);
	});

	it("can be asked for what was answered under it, without a unit", async () => {
		expect(await store.recall(keyed())).toBeUndefined();
		expect(await store.recall(cause())).toBeUndefined();
		const first = await store.transact(keyed(), add("once"));
		const replayed = jest.fn();
		expect(await store.recall(keyed({ replayed }))).toEqual(first);
		expect(replayed).toHaveBeenCalledTimes(1);
		await expect(store.recall(keyed({ fingerprint: "f2" }))).rejects.toBeInstanceOf(IdempotencyKeyReused);
	});

	it("stays free when its unit was refused", async () => {
		const refused = store.transact(keyed(), () => Promise.reject(new Error("out of stock")));
		await expect(refused).rejects.toThrow("out of stock");
		expect(await count("idempotency_keys")).toBe(0);
		await store.transact(keyed(), add("now"));
		expect(await count("marks")).toBe(1);
	});

	it("remembers an answer that is nothing", async () => {
		await store.transact(keyed(), async unit => void (await mark(unit, "once")));
		expect(await store.transact(keyed(), add("twice"))).toBeNull();
		expect(await count("marks")).toBe(1);
	});
});

describe("a deadline", () => {
	it("that has passed refuses the unit, with nothing written and nothing run", async () => {
		const work = jest.fn((unit: Unit) => mark(unit, "late"));
		const late = store.transact(cause({ deadline: Date.now() - 1 }), work);
		await expect(late).rejects.toBeInstanceOf(DeadlineExceeded);
		await expect(late).rejects.toMatchObject({ code: 503, retryable: true });
		expect(work).not.toHaveBeenCalled();
		expect(await count("marks")).toBe(0);
	});

	it("that passes while the unit waits for the writer refuses it too", async () => {
		const free = Promise.withResolvers<void>();
		// As many as a store does at a time, and more.
		const held = Promise.all(Array.from({ length: 10 }, () => store.transact(cause(), () => free.promise)));
		const waiting = store.transact(cause({ deadline: Date.now() + 5 }), unit => mark(unit, "waited"));
		const refused = expect(waiting).rejects.toBeInstanceOf(DeadlineExceeded);
		const release = () => (Date.now() > start + 10 ? free.resolve() : setImmediate(release));
		const start = Date.now();
		release();
		await held;
		await refused;
		expect(await count("marks")).toBe(0);
	});

	it("that lies ahead changes nothing", async () => {
		await store.transact(cause({ deadline: Date.now() + 60_000 }), unit => mark(unit, "in time"));
		expect(await count("marks")).toBe(1);
	});
});
