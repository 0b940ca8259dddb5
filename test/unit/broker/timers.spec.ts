import { Refusal, StoreUnavailable } from "../../../broker/errors.ts";
import { isoNow } from "../../../broker/ids.ts";
import type { Store, Unit } from "../../../broker/sql/store.ts";
import { type Fire, parkedTimers, Timers } from "../../../broker/timers.ts";
import { eventually } from "../../support/eventually.ts";
import "./sql/probe.ts";
import { notebook, Scratch } from "./sql/scratch.ts";

const scratches: Scratch[] = [];
let store: Store;
let timers: Timers;
/** The subjects of which a timer was fired, as the store has them: each firing leaves a row. */
const fired = async () =>
	(await store.all<{ subject: string }>("SELECT subject FROM marks ORDER BY subject")).map(({ subject }) => subject);
/** The timers there are. */
const left = () => store.all<Record<string, unknown>>("SELECT * FROM timers ORDER BY subject");
const told = async () =>
	(await store.all<{ payload: string }>("SELECT payload FROM outbox ORDER BY seq")).map(
		({ payload }) => JSON.parse(payload) as { type: string; correlationid: string; data: object }
	);
/** What the handler throws, by subject, before its write and after. */
const faults = new Map<string, (() => unknown)[]>();
const notes = notebook();
const next = (subject: string): unknown => faults.get(subject)?.shift()?.();

const mark: Fire = async ({ subject, at, data }, unit) => {
	const before = next(subject);
	// A fault may be anything that is thrown.
	// eslint-disable-next-line @typescript-eslint/only-throw-error
	if (before) throw before;
	await unit.run("INSERT INTO marks (subject, at, data) VALUES (?, ?, ?)", [subject, at, JSON.stringify(data)]);
	if (next(`${subject} written`)) throw new Error("after the write");
};

const made = (handlers: Record<string, Fire> = { bell: mark }): Timers =>
	new Timers({
		service: "scratch",
		store,
		logger: notes.logger,
		handlers: new Map(Object.entries(handlers)),
		maxPauseMs: 2
	});
const act = <T>(work: (unit: Unit) => Promise<T>): Promise<T> =>
	store.transact({ origin: { unit: "spec", correlationId: "the-request", traceparent: "a-trace" } }, work);
const set = (subject: string, inMs = 0, data?: unknown, kind = "bell") =>
	act(unit => timers.set(unit, { kind, subject, at: isoNow(inMs), data }));
const HOUR = 3_600_000;

beforeEach(async () => {
	const scratch = new Scratch();
	scratches.push(scratch);
	store = await scratch.store();
	await store.database.write("tables", tx => tx.run("CREATE TABLE marks (subject TEXT, at TEXT, data TEXT)"));
	faults.clear();
	timers = made();
});
afterEach(async () => {
	jest.restoreAllMocks();
	await timers.stop();
	await scratches.pop()!.remove();
});

describe("a timer", () => {
	it("fires once when it is due, with what it was set for, and is gone", async () => {
		timers.start();
		await set("a", 30, { n: 1 });
		await set("b", HOUR);
		await eventually(async () => expect(await fired()).toEqual(["a"]));
		const [row] = await store.all("SELECT * FROM marks");
		expect(row).toEqual({ subject: "a", at: expect.stringMatching(/Z$/), data: '{"n":1}' });
		expect((await left()).map(({ subject }) => subject)).toEqual(["b"]);
		await timers.fireDue();
		expect(await fired()).toEqual(["a"]);
	});

	it("fires never before its time", async () => {
		const at = isoNow(40);
		await act(unit => timers.set(unit, { kind: "bell", subject: "a", at }));
		timers.start();
		await eventually(async () => expect(await fired()).toEqual(["a"]));
		expect(isoNow() >= at).toBe(true);
	});

	it("is set with the change that it belongs to, or not at all", async () => {
		await expect(
			act(async unit => {
				await timers.set(unit, { kind: "bell", subject: "a", at: isoNow() });
				throw new Error("refused after all");
			})
		).rejects.toThrow("refused after all");
		expect(await left()).toEqual([]);
	});

	it("is one for its kind and subject: set again, the last word counts", async () => {
		await set("a", 0, "first");
		await set("a", HOUR, "second");
		await set("a", 0, "another kind", "other");
		await timers.fireDue();
		expect(await fired()).toEqual([]);
		await set("a", 0, "third");
		await timers.fireDue();
		expect(await store.all("SELECT data FROM marks")).toEqual([{ data: '"third"' }]);
	});

	it("does not fire once it is taken back; taking back what is not there changes nothing", async () => {
		await set("a");
		for (let time = 0; time < 2; time++) await act(unit => timers.cancel(unit, "bell", "a"));
		await timers.fireDue();
		expect([await fired(), await left()]).toEqual([[], []]);
	});

	it("fires in a process that comes later, when nobody was there at its time", async () => {
		await set("a");
		timers = made();
		timers.start();
		await eventually(async () => expect(await fired()).toEqual(["a"]));
	});

	it("may be set again by what it does", async () => {
		const again: Fire = async (timer, unit) => {
			await mark(timer, unit);
			await timers.set(unit, { ...timer, at: isoNow(timer.data === "last" ? HOUR : 0), data: "last" });
		};
		timers = made({ bell: again });
		timers.start();
		await set("a");
		await eventually(async () => expect(await fired()).toEqual(["a", "a"]));
		expect(await left()).toMatchObject([{ subject: "a", data: '"last"' }]);
	});

	it("carries the request that set it", async () => {
		timers = made({ bell: async (_timer, unit) => unit.emit("probe.moved" as never, "probe/1", { n: 1 } as never) });
		await set("a");
		await timers.fireDue();
		expect(await told()).toMatchObject([{ correlationid: "the-request", traceparent: "a-trace" }]);
	});
});

describe("many timers", () => {
	it("fire, more than one batch of them", async () => {
		const subjects = Array.from({ length: 450 }, (_, n) => `s${String(n).padStart(3, "0")}`);
		await act(async unit => {
			for (const subject of subjects) await timers.set(unit, { kind: "bell", subject, at: isoNow() });
		});
		timers.start();
		await eventually(async () => expect(await fired()).toEqual(subjects), { within: 20_000 });
	});

	it("fire once each, though two look after them at the same moment", async () => {
		const subjects = Array.from({ length: 60 }, (_, n) => `s${String(n).padStart(2, "0")}`);
		for (const subject of subjects) await set(subject);
		const other = made();
		await Promise.all([timers.fireDue(), other.fireDue(), timers.fireDue()]);
		expect(await fired()).toEqual(subjects);
		expect(await left()).toEqual([]);
	});
});

describe("a clock", () => {
	const jump = (ms: number) => {
		const now = Date.now.bind(Date);
		jest.spyOn(Date, "now").mockImplementation(() => now() + ms);
	};

	it("that is set forward makes due what is due by it", async () => {
		timers.start();
		await set("a", HOUR);
		jump(2 * HOUR);
		await eventually(async () => expect(await fired()).toEqual(["a"]));
	});

	it("that is set back keeps nothing waiting that is due by it", async () => {
		timers.start();
		await set("far", HOUR);
		jump(-2 * HOUR);
		await set("a", 10);
		await eventually(async () => expect(await fired()).toEqual(["a"]));
		expect((await left()).map(({ subject }) => subject)).toEqual(["far"]);
	});
});

describe("a timer that cannot be fired", () => {
	const broken = () => new TypeError("undefined is not a function");
	const times = (count: number, fault: () => unknown) => Array<() => unknown>(count).fill(fault);
	const parked = () =>
		eventually(async () => expect(await left()).toMatchObject([{ parked_at: expect.stringMatching(/Z$/) }]));

	it("leaves nothing of what it did, and is tried again", async () => {
		faults.set(
			"a written",
			times(2, () => true)
		);
		await set("a");
		timers.start();
		await eventually(async () => expect(await left()).toEqual([]));
		expect(await fired()).toEqual(["a"]);
	});

	it("does not hold up another", async () => {
		faults.set(
			"a",
			times(1_000, () => new StoreUnavailable("elsewhere", "SQLITE_BUSY"))
		);
		await set("a");
		await set("b");
		timers.start();
		await eventually(async () => expect(await fired()).toEqual(["b"]));
	});

	it("is tried without limit while the fault is one that passes", async () => {
		faults.set(
			"a",
			times(25, () => new StoreUnavailable("elsewhere", "SQLITE_BUSY"))
		);
		await set("a");
		timers.start();
		await eventually(async () => expect(await fired()).toEqual(["a"]));
		expect(await told()).toEqual([]);
	});

	it("is parked after ten faults that nobody expected, and says so once", async () => {
		faults.set("a", times(1_000, broken));
		await set("a");
		timers.start();
		await parked();
		expect(await left()).toMatchObject([{ attempts: 10, error: "TypeError: undefined is not a function" }]);
		await timers.fireDue();
		expect(faults.get("a")).toHaveLength(990);
		expect(await parkedTimers(store)).toBe(1);
		expect(await told()).toMatchObject([
			{
				type: "system.timer_parked",
				subject: "timer/scratch/a",
				correlationid: "the-request",
				data: { service: "scratch", kind: "bell", about: "a", error: "TypeError: undefined is not a function" }
			}
		]);
	});

	it("is parked at once when it is refused: that will be the same next time", async () => {
		faults.set(
			"a",
			times(1_000, () => new Refusal("No", 409, "NO"))
		);
		await set("a");
		timers.start();
		await parked();
		expect(faults.get("a")).toHaveLength(999);
	});

	it("is tried once more by the next process, and fires when that one can", async () => {
		await set("a", 0, null, "unheard-of");
		timers.start();
		await parked();
		await timers.stop();
		timers = made({ "unheard-of": mark });
		timers.start();
		await eventually(async () => expect(await fired()).toEqual(["a"]));
		expect(await left()).toEqual([]);
	});

	it("begins anew when it is set anew", async () => {
		faults.set("a", [() => new Refusal("No", 409, "NO")]);
		await set("a");
		timers.start();
		await parked();
		await set("a");
		await eventually(async () => expect(await fired()).toEqual(["a"]));
	});

	it("waits while the store can be asked for nothing", async () => {
		const asked = jest.spyOn(store, "all").mockRejectedValueOnce(new StoreUnavailable("scratch", "SQLITE_IOERR"));
		await set("a");
		timers.start();
		await eventually(() => expect(asked.mock.calls.length).toBeGreaterThan(0));
		await eventually(async () => expect(await fired()).toEqual(["a"]));
		expect(notes.lines.map(({ message }) => message).join()).toContain("What is due (timers) could not be done");
	});
});
