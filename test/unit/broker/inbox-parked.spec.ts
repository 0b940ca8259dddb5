import { StoreUnavailable } from "../../../broker/errors.ts";
import type { SoukEvent } from "../../../broker/event.ts";
import { event } from "../../support/node.ts";
import { eventually } from "../../support/eventually.ts";
import { Desk, moved, refuse } from "./desk.ts";

let desk: Desk;
beforeEach(async () => {
	desk = await new Desk().open();
});
afterEach(() => desk.close());

describe("a parked event", () => {
	beforeEach(async () => {
		desk.faults.set(1, refuse);
		await desk.inbox.receive(moved(1));
	});

	it("is announced, once, with what it was and why", async () => {
		expect(await desk.announced()).toEqual([
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
		await desk.inbox.receive(moved(2));
		await desk.inbox.receive(moved(3, "probe/2"));
		await desk.inbox.receive(moved(4));
		expect(await desk.marks()).toEqual([3]);
		expect(await desk.statuses()).toEqual(["PARKED", "WAITING", "WAITING"]);
	});

	it("holds them back after a restart too", async () => {
		await desk.inbox.receive(moved(2));
		await desk.inbox.stop();
		await desk.restart();
		await desk.inbox.receive(moved(3));
		expect(await desk.marks()).toEqual([]);
		expect(await desk.statuses()).toEqual(["PARKED", "WAITING", "WAITING"]);
	});

	it("is not parked twice when it is delivered twice, nor are those that wait", async () => {
		const second = moved(2);
		const again = await desk.parkedEvent();
		await desk.inbox.receive(again);
		await desk.inbox.receive(second);
		await desk.inbox.receive(second);
		await desk.restart();
		await desk.inbox.receive(again);
		await desk.inbox.receive(second);
		expect(await desk.statuses()).toEqual(["PARKED", "WAITING"]);
		expect(await desk.announced()).toHaveLength(1);
	});

	it("is handled by a retry, and those that waited follow in their order", async () => {
		for (const n of [2, 3, 4]) await desk.inbox.receive(moved(n));
		desk.faults.clear();
		await desk.inbox.retry(1);
		await eventually(async () => expect(await desk.statuses()).toEqual(Array(4).fill("RETRIED")));
		expect(await desk.marks()).toEqual([1, 2, 3, 4]);
		expect((await desk.announced()).map(({ type }) => type)).toEqual([
			"system.dead_letter_parked",
			"system.dead_letter_retried"
		]);
		await desk.inbox.receive(moved(5));
		expect(await desk.marks()).toEqual([1, 2, 3, 4, 5]);
	});

	it("is handled with other data where the retry brings some, and that is kept", async () => {
		await desk.inbox.retry(1, { n: 10 });
		expect(await desk.marks()).toEqual([10]);
		const { event: kept } = (await desk.store.get<{ event: string }>("SELECT event FROM dead_letters"))!;
		expect((JSON.parse(kept) as SoukEvent).data).toEqual({ n: 10 });
	});

	it("stays parked when the retry fails, or brings data that the contract does not allow", async () => {
		await expect(desk.inbox.retry(1)).rejects.toMatchObject({ type: "DEAD_LETTER_FAILED_AGAIN", code: 409 });
		await expect(desk.inbox.retry(1, { n: "ten" })).rejects.toThrow("could still not be handled");
		expect(await desk.letters()).toMatchObject([
			{ status: "PARKED", attempts: 3, error: expect.stringContaining("Poison") }
		]);
		expect(await desk.marks()).toEqual([]);
	});

	it("is given up by a discard, those that waited follow, and it is not taken up when it comes again", async () => {
		const again = await desk.parkedEvent();
		await desk.inbox.receive(moved(2));
		await desk.inbox.discard(1);
		await eventually(async () => expect(await desk.statuses()).toEqual(["DISCARDED", "RETRIED"]));
		desk.faults.clear();
		await desk.inbox.receive(again);
		await desk.restart();
		await desk.inbox.receive(again);
		expect(await desk.marks()).toEqual([2]);
		expect((await desk.announced()).map(({ type }) => type)).toEqual([
			"system.dead_letter_parked",
			"system.dead_letter_discarded"
		]);
	});

	it("can be resolved once only, by whoever is first, and only if it is there", async () => {
		const both = await Promise.allSettled([desk.inbox.discard(1), desk.inbox.discard(1)]);
		expect(both.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
		for (const again of [() => desk.inbox.retry(1), () => desk.inbox.discard(1), () => desk.inbox.retry(99)])
			await expect(again()).rejects.toMatchObject({ type: "DEAD_LETTER_NOT_FOUND", code: 404 });
	});

	it("leaves its place to one that waited and cannot be handled either", async () => {
		for (const n of [2, 3]) await desk.inbox.receive(moved(n));
		desk.faults.set(2, refuse);
		desk.faults.delete(1);
		await desk.inbox.retry(1);
		await eventually(async () => expect(await desk.statuses()).toEqual(["RETRIED", "PARKED", "WAITING"]));
		expect((await desk.announced()).map(({ type, data }) => [type, data.deadLetter])).toEqual([
			["system.dead_letter_parked", "scratch-1"],
			["system.dead_letter_retried", "scratch-1"],
			["system.dead_letter_parked", "scratch-2"]
		]);
		desk.faults.clear();
		await desk.inbox.retry(2);
		await eventually(async () => expect(await desk.marks()).toEqual([1, 2, 3]));
	});

	it("lets those that waited take the time that a passing fault needs", async () => {
		await desk.inbox.receive(moved(2));
		let left = 15;
		desk.faults.set(2, () => (left-- > 0 ? new StoreUnavailable("elsewhere", "SQLITE_BUSY") : undefined));
		await desk.inbox.discard(1);
		await eventually(async () => expect(await desk.statuses()).toEqual(["DISCARDED", "RETRIED"]));
		expect(await desk.marks()).toEqual([2]);
	});

	it("that was resolved just before the process died lets those that waited go on after the start", async () => {
		await desk.inbox.receive(moved(2));
		await desk.inbox.stop();
		await desk.store.database.write("the end", tx => tx.run("UPDATE dead_letters SET status = 'RETRIED' WHERE id = 1"));
		await desk.restart();
		await desk.inbox.receive(moved(3));
		await eventually(async () => expect(await desk.marks()).toEqual([2, 3]));
	});
});

it("loses no event that comes in the moment in which its subject is released", async () => {
	for (let round = 0; round < 40; round++) {
		const subject = `probe/race-${round}`;
		const base = round * 100;
		desk.faults.set(base, refuse);
		await desk.inbox.receive(moved(base, subject));
		desk.faults.delete(base);
		const { id } = (await desk.store.get<{ id: number }>("SELECT max(id) AS id FROM dead_letters"))!;
		const releasing = desk.inbox.retry(id);
		// As the bus does: one after the other, at all moments of the release.
		for (let n = 1; n <= 8; n++) await desk.inbox.receive(moved(base + n, subject));
		await releasing;
		const expected = Array.from({ length: 9 }, (_, n) => base + n);
		await eventually(async () => expect((await desk.marks()).filter(n => n >= base)).toEqual(expected));
	}
	await eventually(async () => expect((await desk.statuses()).filter(status => status === "WAITING")).toEqual([]));
});

it("holds a subject in which another event is parked in the moment in which it is released", async () => {
	desk.faults.set(1, refuse).set(2, refuse);
	await desk.inbox.receive(moved(1));
	const { id } = (await desk.letters())[0]!;
	// The look for who is next finds nobody, and tells so only when the second event is parked.
	const get = desk.store.get.bind(desk.store);
	const looked = Promise.withResolvers<void>();
	const parked = Promise.withResolvers<void>();
	const look = jest.spyOn(desk.store, "get").mockImplementation(async (sql, values) => {
		const row = await get(sql, values);
		if (sql.includes("ORDER BY id LIMIT 1")) {
			looked.resolve();
			await parked.promise;
		}
		return row as never;
	});
	await desk.inbox.discard(id);
	await looked.promise;
	await desk.inbox.receive(moved(2));
	parked.resolve();
	await new Promise(turn => setImmediate(turn));
	look.mockRestore();
	await desk.inbox.receive(moved(3));
	expect([await desk.marks(), await desk.statuses()]).toEqual([[], ["DISCARDED", "PARKED", "WAITING"]]);
});

it("does not hold a subject for a poison event that was given up and comes again", async () => {
	const poison = { ...moved(1), data: { n: "one" } } as never;
	await desk.inbox.receive(poison);
	await desk.inbox.discard(1);
	await desk.restart();
	await desk.inbox.receive(poison);
	await desk.inbox.receive(moved(2));
	expect(await desk.marks()).toEqual([2]);
	expect(await desk.statuses()).toEqual(["DISCARDED"]);
});

it("does not announce that it cannot handle an announcement: that would never end", async () => {
	const hearing = desk.reader(new Map([["*", () => Promise.reject(refuse())]]));
	const about = { deadLetter: "orders-1", consumer: "orders", type: "probe.moved", subject: "probe/1" };
	await hearing.receive(event("system.dead_letter_parked", "dead-letter/orders-1", { ...about, error: "why" }));
	expect(await desk.statuses()).toEqual(["PARKED"]);
	expect(await desk.announced()).toEqual([]);
});

it("waits until it can write what it parked: the bus is not answered before", async () => {
	desk.faults.set(1, refuse);
	const write = jest.spyOn(desk.store.database, "write");
	for (let n = 0; n < 3; n++) write.mockRejectedValueOnce(new Error("the disk is full"));
	await desk.inbox.receive(moved(1));
	expect(await desk.statuses()).toEqual(["PARKED"]);
	expect(write).toHaveBeenCalledTimes(4);
	write.mockRestore();
});
