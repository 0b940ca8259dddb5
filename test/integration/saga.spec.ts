import { Errors } from "moleculer";
import { processMetrics } from "../../broker/process-metrics.ts";
import { eventually } from "../support/eventually.ts";
import {
	agency,
	bookTrip,
	Busy,
	removeCopies,
	Script,
	SoldOut,
	throwing,
	type Agency,
	type Verb
} from "../support/saga-shop.ts";

let script: Script;
let trips: Agency;
const others: Agency[] = [];

beforeEach(async () => {
	script = new Script();
	trips = await agency(script);
});
afterEach(async () => {
	for (const other of others.splice(0)) await other.close();
	await trips.close();
	removeCopies();
});

const ends = (...how: string[]) => eventually(async () => expect(await trips.endings()).toEqual(how));
const forward: Verb[] = ["flight", "hotel", "insure", "pay", "send"];

describe("a saga", () => {
	it("takes its steps in order, each under a key of its own, and ends once", async () => {
		await trips.book(1);
		await ends("booked 1");
		expect(script.calls).toEqual(forward.map(verb => ({ verb, key: `1:bookings.${verb}:forward`, trip: 1 })));
		expect(await trips.sagas()).toEqual([expect.objectContaining({ status: "DONE", attempts: 0, error: null })]);
		await eventually(async () =>
			expect(await trips.steps()).toEqual([
				...forward.map(verb => `forward bookings.${verb} DONE`),
				"forward book-trip DONE"
			])
		);
	});

	it("keeps what its steps answered", async () => {
		await trips.book(1);
		await ends("booked 1");
		expect(await trips.service.store.get("SELECT planted_at FROM seeds")).toEqual({
			planted_at: "flight 1,hotel 1,pay 1"
		});
	});

	it("does not begin when the unit that begins it fails", async () => {
		const cause = { origin: { unit: "trips.book", correlationId: "request-1" } };
		const failing = trips.service.store.transact(cause, async unit => {
			await trips.engine.begin(unit, bookTrip(), "trip/1", { trip: 1, tickets: [] });
			throw new Error("no");
		});
		await expect(failing).rejects.toThrow("no");
		await trips.book(2);
		await ends("booked 2");
		expect(script.calls.every(({ trip }) => trip === 2)).toBe(true);
	});

	it("is one of many: a hundred at once all end, each once", async () => {
		await Promise.all(Array.from({ length: 100 }, (_, n) => trips.book(n)));
		await eventually(async () => expect(await trips.endings()).toHaveLength(100));
		expect(script.calls).toHaveLength(500);
	});
});

describe("a refusal", () => {
	const undone: [refused: Verb, back: Verb[]][] = [
		["flight", ["cancelFlight"]],
		["hotel", ["cancelHotel", "cancelFlight"]],
		["insure", ["cancelHotel", "cancelFlight"]],
		["pay", ["cancelHotel", "cancelFlight"]]
	];
	it.each(undone)("of %s undoes what was done, and that step itself, in reverse", async (refused, back) => {
		script.on(refused, throwing(new SoldOut()));
		await trips.book(1);
		await ends("abandoned for SOLD_OUT: 1");
		const done = forward.slice(0, forward.indexOf(refused) + 1);
		expect(script.verbs).toEqual([...done, ...back]);
		expect(back.map(verb => script.keysOf(verb))).toEqual(back.map(verb => [`1:bookings.${verb}:back`]));
		expect(await trips.sagas()).toEqual([expect.objectContaining({ status: "COMPENSATED" })]);
	});

	it("after the pivot undoes nothing: the step is tried until it is done", async () => {
		script.on("send", throwing(new SoldOut()), throwing(new SoldOut()));
		await trips.book(1);
		await ends("booked 1");
		expect(script.keysOf("send")).toEqual(Array(3).fill("1:bookings.send:forward"));
		expect(script.verbs.filter(verb => verb.startsWith("cancel"))).toEqual([]);
	});

	it("of an undoing is tried again too: there is no way but through", async () => {
		script.on("insure", throwing(new SoldOut())).on("cancelHotel", throwing(new SoldOut()), throwing(new Busy()));
		await trips.book(1);
		await ends("abandoned for SOLD_OUT: 1");
		expect(script.keysOf("cancelHotel")).toEqual(Array(3).fill("1:bookings.cancelHotel:back"));
		expect(script.verbs.at(-1)).toBe("cancelFlight");
	});
});

describe("a fault", () => {
	it.each(forward)("of %s is unknown, not refused: the call is made again under the same key", async verb => {
		script.on(verb, throwing(new Busy()), throwing(new TypeError("odd")));
		await trips.book(1);
		await ends("booked 1");
		expect(script.keysOf(verb)).toEqual(Array(3).fill(`1:bookings.${verb}:forward`));
		expect(script.verbs).toHaveLength(7);
		await eventually(async () =>
			expect((await trips.steps()).filter(line => line.endsWith("UNKNOWN"))).toHaveLength(2)
		);
	});

	it("that passes at the pivot and then turns out to be a refusal undoes everything", async () => {
		script.on("pay", throwing(new Busy()), throwing(new SoldOut()));
		await trips.book(1);
		await ends("abandoned for SOLD_OUT: 1");
		expect(script.verbs.slice(-2)).toEqual(["cancelHotel", "cancelFlight"]);
	});

	it("pauses its own saga only", async () => {
		script.on("hotel", throwing(new Busy()), throwing(new Busy()), throwing(new Busy()), throwing(new Busy()));
		await trips.book(1);
		await eventually(() => expect(script.keysOf("hotel")).toHaveLength(1));
		await trips.tamper("UPDATE sagas SET next_run_at = next_run_at + 60000 WHERE id = 1");
		await trips.book(2);
		await eventually(async () => expect(await trips.endings()).toContain("booked 2"));
		expect(await trips.endings()).toEqual(["booked 2"]);
	});

	it("of its ending does not end it: the ending is tried again", async () => {
		let broken = 2;
		const other = await agency(script, {
			saga: bookTrip({
				completed: () => {
					if (broken-- > 0) throw new Error("the ending is broken");
				}
			})
		});
		others.push(other);
		await other.book(7);
		await eventually(async () => expect(await other.endings()).toEqual(["booked 7"]));
		expect(script.keysOf("pay")).toHaveLength(1);
	});
});

describe("a saga that fails twenty times at one step", () => {
	beforeEach(async () => {
		script.on("hotel", ...Array.from({ length: 21 }, () => throwing(new Busy())));
		await trips.book(1);
		await eventually(() => expect(script.keysOf("hotel").length).toBeGreaterThanOrEqual(1));
		await eventually(async () => expect((await trips.sagas())[0]!.attempts).toBeGreaterThanOrEqual(1));
		// The first tries are skipped, and the pauses, which grow to half a minute, are cut short.
		await eventually(async () => {
			await trips.tamper(
				"UPDATE sagas SET attempts = CASE WHEN attempts < 18 THEN 18 ELSE attempts END, next_run_at = 0 WHERE status = 'RUNNING'"
			);
			expect((await trips.sagas())[0]!.status).toBe("NEEDS_ATTENTION");
		});
	});

	it("needs attention, says so, and is left alone", async () => {
		expect(await trips.sagas()).toEqual([
			expect.objectContaining({ status: "NEEDS_ATTENTION", attempts: 20, error: "BUSY", step: 1 })
		]);
		expect(await processMetrics(trips.broker)).toMatch(/^souk_sagas_needing_attention\{store="trips"\} 1$/m);
		await eventually(() =>
			expect(trips.of("system.saga_needs_attention").map(({ data, subject }) => [subject, data])).toEqual([
				["saga/trips-1", { saga: "1", type: "book-trip", step: "bookings.hotel", error: "BUSY" }]
			])
		);
		const tries = script.keysOf("hotel").length;
		await trips.book(2);
		await eventually(() => expect(script.calls.some(({ trip }) => trip === 2)).toBe(true));
		expect(script.calls.filter(({ trip, verb }) => trip === 1 && verb === "hotel")).toHaveLength(tries);
	});

	it("goes on, under the same keys, when an operator pushes it", async () => {
		script.answers.delete("hotel");
		expect(await trips.engine.push(1)).toBe(true);
		await ends("booked 1");
		expect(new Set(script.keysOf("hotel"))).toEqual(new Set(["1:bookings.hotel:forward"]));
		expect(await trips.engine.push(1)).toBe(false);
		expect(await trips.engine.push(99)).toBe(false);
	});
});

it("a saga whose neighbour is away waits for it, however long that takes", async () => {
	const away = throwing(new Errors.ServiceNotFoundError({ action: "bookings.hotel", nodeID: "" }));
	script.on("hotel", ...Array.from({ length: 5 }, () => away));
	await trips.book(1);
	// The pauses are cut short, and each try would be the last.
	await eventually(
		async () => {
			await trips.tamper("UPDATE sagas SET next_run_at = 0, attempts = 19 WHERE status = 'RUNNING' AND attempts > 0");
			expect(script.keysOf("hotel")).toHaveLength(6);
		},
		{ within: 20_000 }
	);
	await ends("booked 1");
});

it("a saga that failed twenty times on its way back goes on going back when it is pushed", async () => {
	script.on("insure", throwing(new SoldOut()));
	script.on("cancelHotel", ...Array.from({ length: 21 }, () => throwing(new Busy())));
	await trips.book(1);
	await eventually(async () => expect((await trips.sagas())[0]!.attempts).toBeGreaterThanOrEqual(1));
	await eventually(async () => {
		await trips.tamper(
			"UPDATE sagas SET attempts = CASE WHEN attempts < 18 THEN 18 ELSE attempts END, next_run_at = 0 WHERE status = 'COMPENSATING'"
		);
		expect((await trips.sagas())[0]!.status).toBe("NEEDS_ATTENTION");
	});
	script.answers.delete("cancelHotel");
	await trips.engine.push(1);
	await ends("abandoned for SOLD_OUT: 1");
	expect(script.verbs.at(-1)).toBe("cancelFlight");
});
