import { eventually } from "../support/eventually.ts";
import {
	agency,
	bookTrip,
	crashed,
	definition,
	removeCopies,
	Script,
	SoldOut,
	throwing,
	type Agency,
	type Verb
} from "../support/saga-shop.ts";

const open: Agency[] = [];
const start = async (script: Script, options: Parameters<typeof agency>[1] = {}) => {
	const made = await agency(script, options);
	open.push(made);
	return made;
};
afterEach(async () => {
	for (const one of open.splice(0)) await one.close();
	removeCopies();
});

const forward: Verb[] = ["flight", "hotel", "insure", "pay", "send"];
const ends = (trips: Agency, ...how: string[]) =>
	eventually(async () => expect(await trips.endings()).toEqual(how), { within: 60_000 });

/** A step that hangs until the spec lets it go on. */
function hanging() {
	let go: () => void = () => undefined;
	const gone = new Promise<void>(resolve => (go = resolve));
	return { answer: () => gone, go };
}

describe("a process that dies", () => {
	it.each(forward)("during %s leaves a saga that the next one finishes, under the same keys", async verb => {
		const hang = hanging();
		const first = new Script().on(verb, hang.answer);
		const dying = await start(first);
		await dying.book(1);
		await eventually(() => expect(first.keysOf(verb)).toHaveLength(1));

		const second = new Script();
		const next = await start(second, { dataDir: crashed(dying) });
		await ends(next, "booked 1");
		hang.go();
		// Those steps that it takes again it asks for under the keys that they were asked for before.
		for (const { key } of first.calls) {
			const again = second.calls.filter(call => call.key === key);
			expect(again.length).toBeLessThanOrEqual(1);
		}
		// Where it took long to copy the store, the first had time to ask again.
		expect(second.keysOf(verb)).toEqual([...new Set(first.keysOf(verb))]);
		expect(second.verbs).toEqual(forward.slice(forward.indexOf(second.verbs[0]!)));
		// Of the pivot it knows for certain that it was passed.
		if (verb === "send") expect(second.verbs).toEqual(["send"]);
	});

	it.each(["cancelHotel", "cancelFlight"] as const)("during %s leaves one that goes on going back", async verb => {
		const hang = hanging();
		const first = new Script().on("insure", throwing(new SoldOut())).on(verb, hang.answer);
		const dying = await start(first);
		await dying.book(1);
		await eventually(() => expect(first.keysOf(verb)).toHaveLength(1));

		const second = new Script();
		const next = await start(second, { dataDir: crashed(dying) });
		await ends(next, "abandoned for SOLD_OUT: 1");
		hang.go();
		expect(second.verbs).toEqual(verb === "cancelHotel" ? ["cancelHotel", "cancelFlight"] : ["cancelFlight"]);
	});

	it("leaves one that, refused what it asks for again, also undoes what was done after that", async () => {
		const hang = hanging();
		const first = new Script().on("insure", hang.answer);
		const dying = await start(first);
		await dying.book(1);
		await eventually(() => expect(first.keysOf("insure")).toHaveLength(1));

		// What was held for it has expired, and others have it now.
		const second = new Script().on("flight", throwing(new SoldOut()));
		const next = await start(second, { dataDir: crashed(dying) });
		await ends(next, "abandoned for SOLD_OUT: 1");
		hang.go();
		expect(second.verbs).toEqual(["flight", "cancelHotel", "cancelFlight"]);
	});

	it("after the pivot leaves one that cannot go back any more, whatever it hears", async () => {
		const hang = hanging();
		const first = new Script().on("send", hang.answer);
		const dying = await start(first);
		await dying.book(1);
		await eventually(() => expect(first.keysOf("send")).toHaveLength(1));
		const second = new Script().on("send", throwing(new SoldOut()));
		const next = await start(second, { dataDir: crashed(dying) });
		await ends(next, "booked 1");
		hang.go();
		expect(second.verbs).toEqual(["send", "send"]);
	});

	it("leaves hundreds that the next one finishes, soon after its start", async () => {
		const hang = hanging();
		const first = new Script();
		first.answers.set(
			"hotel",
			Array.from({ length: 400 }, () => hang.answer)
		);
		const dying = await start(first);
		await Promise.all(Array.from({ length: 400 }, (_, n) => dying.book(n)));
		await eventually(() => expect(first.keysOf("hotel")).toHaveLength(400));
		const next = await start(new Script(), { dataDir: crashed(dying) });
		await eventually(async () => expect(await next.endings()).toHaveLength(400), { within: 200_000 });
		hang.go();
		expect((await next.sagas()).every(({ status }) => status === "DONE")).toBe(true);
	}, 300_000);
});

describe("a process that stops", () => {
	it("lets the step under way end, and the next process does the rest", async () => {
		const hang = hanging();
		const first = new Script().on("hotel", hang.answer);
		const stopping = await start(first);
		await stopping.book(1);
		await eventually(() => expect(first.keysOf("hotel")).toHaveLength(1));
		const stopped = stopping.engine.stop();
		hang.go();
		await stopped;
		expect(first.verbs).toEqual(["flight", "hotel"]);
		open.pop();
		await stopping.stop();
		const second = new Script();
		const next = await start(second, { dataDir: stopping.dataDir });
		await ends(next, "booked 1");
		expect(second.verbs.slice(-3)).toEqual(["insure", "pay", "send"]);
	});
});

describe("a saga that begins before its engine has started", () => {
	it("is run as soon as it has", async () => {
		const script = new Script();
		const trips = await start(script);
		await trips.engine.stop();
		await trips.book(1);
		expect(script.calls).toEqual([]);
		await trips.engine.start();
		await ends(trips, "booked 1");
		expect(script.verbs).toEqual(forward);
	});

	it("or in the moment in which it starts, is run once", async () => {
		const script = new Script();
		const trips = await start(script);
		for (let round = 0; round < 10; round++) {
			await trips.engine.stop();
			const began = performance.now();
			await Promise.all([
				trips.book(3 * round),
				trips.engine.start(),
				trips.book(3 * round + 1),
				new Promise<void>(resolve => setImmediate(() => void trips.book(3 * round + 2).then(resolve)))
			]);
			await eventually(async () => expect(await trips.endings()).toHaveLength(3 * (round + 1)));
			// A lease that nobody serves would last for fifteen seconds.
			expect(performance.now() - began).toBeLessThan(14_000);
		}
		expect(script.calls).toHaveLength(150);
	});
});

describe("two engines on one store", () => {
	it("of which the first stalls in a step: the second takes over, the first changes nothing more, one ending happens", async () => {
		const script = new Script();
		const trips = await start(script);
		const hang = hanging();
		script.on("insure", hang.answer);
		await trips.book(1);
		await eventually(() => expect(script.keysOf("insure")).toHaveLength(1));

		const { SagaEngine } = await import("../../broker/saga/engine.ts");
		const second = new SagaEngine(trips.service, [definition as never]);
		// Not by start(), which in a store with one owner frees all leases: as in a store that processes share.
		await trips.tamper("UPDATE sagas SET lease_until = 1");
		await second.start();
		await ends(trips, "booked 1");
		const after = await trips.sagas();
		expect(after).toEqual([expect.objectContaining({ status: "DONE", fence: 2 })]);

		hang.go();
		await trips.engine.stop();
		await second.stop();
		// The first may ask on, and is answered as the second was, but it does not get past the pivot.
		expect(script.keysOf("send")).toHaveLength(1);
		expect(await trips.sagas()).toEqual(after);
		expect(await trips.endings()).toEqual(["booked 1"]);
	});

	it("of which the first is further than the second is let: the second undoes that, too", async () => {
		const script = new Script();
		const trips = await start(script);
		const hang = hanging();
		script.on("hotel", hang.answer);
		await trips.book(1);
		await eventually(() => expect(script.keysOf("hotel")).toHaveLength(1));
		script.on("flight", throwing(new SoldOut()));
		const { SagaEngine } = await import("../../broker/saga/engine.ts");
		const second = new SagaEngine(trips.service, [definition as never]);
		await trips.tamper("UPDATE sagas SET lease_until = 1");
		await second.start();
		await ends(trips, "abandoned for SOLD_OUT: 1");
		hang.go();
		await trips.engine.stop();
		await second.stop();
		expect(script.verbs.filter(verb => verb.startsWith("cancel"))).toEqual(["cancelHotel", "cancelFlight"]);
	});

	it("of which the first hears a refusal too late: it does not turn back what the second has finished", async () => {
		const script = new Script();
		const trips = await start(script);
		const hang = hanging();
		script.on("hotel", async () => {
			await hang.answer();
			throw new SoldOut();
		});
		await trips.book(1);
		await eventually(() => expect(script.keysOf("hotel")).toHaveLength(1));
		const { SagaEngine } = await import("../../broker/saga/engine.ts");
		const second = new SagaEngine(trips.service, [definition as never]);
		await trips.tamper("UPDATE sagas SET lease_until = 1");
		await second.start();
		await ends(trips, "booked 1");
		const after = await trips.sagas();
		hang.go();
		// A stop waits for the step under way, and so for what the first tries to write of it.
		await trips.engine.stop();
		await second.stop();
		expect(await trips.sagas()).toEqual(after);
		expect(script.verbs.filter(verb => verb.startsWith("cancel"))).toEqual([]);
		expect(await trips.endings()).toEqual(["booked 1"]);
	});
});

it("an engine does not take from itself what it runs, though the lease is over", async () => {
	const script = new Script();
	const trips = await start(script);
	const hang = hanging();
	script.on("hotel", hang.answer);
	await trips.book(1);
	await eventually(() => expect(script.keysOf("hotel")).toHaveLength(1));
	await trips.tamper("UPDATE sagas SET lease_until = 1");
	// Another saga that comes due and is taken proves that it has swept.
	await trips.tamper(
		`INSERT INTO sagas (type, version, subject, status, step, data, correlation_id, lease_until, fence, next_run_at, created_at, updated_at)
		SELECT type, version, 'trip/2', 'RUNNING', 0, '{"trip":2,"tickets":[]}', 'request-2', 0, 1, 1, created_at, updated_at FROM sagas`
	);
	await ends(trips, "booked 2");
	expect((await trips.sagas())[0]).toMatchObject({ fence: 1, status: "RUNNING" });
	hang.go();
	await ends(trips, "booked 1", "booked 2");
	expect(script.keysOf("hotel").filter(key => key.startsWith("1:"))).toHaveLength(1);
});

describe("a definition that has changed", () => {
	it("leaves a saga of a version that nobody knows to an operator", async () => {
		const hang = hanging();
		const first = new Script().on("hotel", hang.answer);
		const dying = await start(first);
		await dying.book(1);
		await eventually(() => expect(first.keysOf("hotel")).toHaveLength(1));
		const script = new Script();
		const next = await start(script, { dataDir: crashed(dying), saga: bookTrip({ version: 2 }) });
		await eventually(async () => expect((await next.sagas())[0]!.status).toBe("NEEDS_ATTENTION"));
		hang.go();
		expect((await next.sagas())[0]!.error).toBe("No definition of book-trip version 1");
		expect(script.calls).toEqual([]);
		await next.book(2);
		await ends(next, "booked 2");
	});
});
