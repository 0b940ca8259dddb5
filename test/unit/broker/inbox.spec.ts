// checklist: 210
import { StoreUnavailable } from "../../../broker/errors.ts";
import type { Handle } from "../../../broker/inbox.ts";
import { eventually } from "../../support/eventually.ts";
import { Desk, moved, refuse } from "./desk.ts";

let desk: Desk;
beforeEach(async () => {
	desk = await new Desk().open();
});
afterEach(() => desk.close());

describe("an event", () => {
	it("that comes again is not handled again", async () => {
		const one = moved(1);
		await desk.inbox.receive(one);
		await desk.inbox.receive(one);
		await desk.restart();
		await desk.inbox.receive(one);
		expect(await desk.marks()).toEqual([1]);
	});

	it("is handled with the mark that it was, or not at all", async () => {
		const one = moved(1);
		const write = jest.spyOn(desk.store.database, "write");
		desk.insideFaults = 2;
		await desk.inbox.receive(one);
		expect(write).toHaveBeenCalledTimes(3);
		expect(await desk.marks()).toEqual([1]);
		expect(await desk.store.all("SELECT event_id FROM inbox")).toEqual([{ event_id: one.id }]);
		write.mockRestore();
	});

	it("is heard only when there is a handler for it, or for all", async () => {
		expect([desk.inbox.hears("probe.moved"), desk.inbox.hears("probe.lost")]).toEqual([true, false]);
		const all = desk.reader(new Map([["*", desk.handle]]));
		expect(all.hears("probe.lost")).toBe(true);
		await all.receive(moved(8));
		expect(await desk.marks()).toEqual([8]);
	});
});

describe("a fault", () => {
	it("that passes is waited out, however often it comes", async () => {
		let left = 25;
		desk.faults.set(1, () => (left-- > 0 ? new StoreUnavailable("elsewhere", "SQLITE_BUSY") : undefined));
		await desk.inbox.receive(moved(1));
		expect([await desk.marks(), desk.tries.length, await desk.statuses()]).toEqual([[1], 26, []]);
	});

	it("that nobody expected is tried ten times, and then parks the event", async () => {
		desk.faults.set(1, () => new TypeError("undefined is not a function"));
		await desk.inbox.receive(moved(1));
		expect(desk.tries).toHaveLength(10);
		expect(await desk.letters()).toEqual([
			{ id: 1, status: "PARKED", error: "TypeError: undefined is not a function", attempts: 10 }
		]);
	});

	it("that passes does not count towards the ten that nobody expected", async () => {
		let left = 15;
		desk.faults.set(1, () => {
			left--;
			if (left > 5) return new StoreUnavailable("elsewhere", "SQLITE_BUSY");
			return left > 0 ? new TypeError("odd") : undefined;
		});
		await desk.inbox.receive(moved(1));
		expect([await desk.marks(), await desk.statuses()]).toEqual([[1], []]);
	});

	it.each([
		["refusal", refuse, "OutOfReach: It cannot be done"],
		["thing thrown that is no error", () => "just text", "just text"]
	])("that is a %s parks the event and says why", async (_, fault, error) => {
		desk.faults.set(1, fault);
		await desk.inbox.receive(moved(1));
		expect(await desk.letters()).toMatchObject([{ status: "PARKED", error }]);
	});

	it("that is a refusal is not tried again", async () => {
		desk.faults.set(1, refuse);
		await desk.inbox.receive(moved(1));
		expect(desk.tries).toEqual([1]);
	});

	it("in the event itself parks it before any handler sees it", async () => {
		await desk.inbox.receive({ ...moved(1), data: { n: "one" } } as never);
		expect(desk.tries).toEqual([]);
		expect((await desk.letters())[0]).toMatchObject({
			status: "PARKED",
			error: expect.stringContaining("PoisonEvent")
		});
	});

	it("ends its waiting when the process stops, with nothing parked", async () => {
		desk.faults.set(1, () => new StoreUnavailable("elsewhere", "SQLITE_BUSY"));
		const receiving = desk.inbox.receive(moved(1));
		await eventually(() => expect(desk.tries.length).toBeGreaterThan(2));
		void desk.inbox.stop();
		await expect(receiving).rejects.toMatchObject({ name: "AbortError" });
		expect(await desk.statuses()).toEqual([]);
	});
});

it("hands its cause on: to the calls of the handler and to the events of its unit", async () => {
	const seen: unknown[] = [];
	const made = desk.reader(
		new Map<string, Handle>([
			[
				"probe.moved",
				async (_, ctx) => {
					seen.push(ctx.origin);
					await ctx.once(unit => Promise.resolve(unit.emit("probe.moved", "probe/9", { n: 9 })));
				}
			]
		])
	);
	const heard = { ...moved(1), correlationid: "request-5", traceparent: "00-a-b-01" };
	await made.receive(heard);
	expect(seen).toEqual([
		{ unit: "scratch<probe.moved", correlationId: "request-5", causationId: heard.id, traceparent: "00-a-b-01" }
	]);
	expect(await desk.announced()).toEqual([
		expect.objectContaining({ correlationid: "request-5", causationid: heard.id, traceparent: "00-a-b-01" })
	]);
});

// checklist: 232
it("is counted by how it ended, with its age", async () => {
	desk.faults.set(2, refuse);
	const at = new Date(Date.now() - 20_000).toISOString();
	for (const n of [1, 2, 3]) await desk.inbox.receive({ ...moved(n, `probe/${n === 1 ? 1 : 2}`), time: at });
	const lines = desk.meter.text().split("\n");
	const series = 'consumer="scratch",type="probe.moved"';
	for (const outcome of ["handled", "parked", "waiting"])
		expect(lines).toContain(`souk_events_total{${series},outcome="${outcome}"} 1`);
	expect(lines).toContain(`souk_event_age_seconds_bucket{${series},le="5"} 0`);
	expect(lines).toContain(`souk_event_age_seconds_bucket{${series},le="30"} 3`);
	expect(lines).toContain(`souk_event_age_seconds_count{${series}} 3`);
});
