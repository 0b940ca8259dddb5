import type { DeadLetter } from "../../broker/dead-letters.ts";
import { as, event } from "../support/node.ts";
import { eventually } from "../support/eventually.ts";
import { post, Unreadable, type Post } from "../support/post.ts";
import { crashed, removeCopies } from "../support/saga-shop.ts";

let here: Post;
let unreadable: Set<string>;
const habits = {
	ann: (letter: string) => {
		if (unreadable.has(letter)) throw new Unreadable();
	},
	ben: () => undefined
};

beforeEach(async () => {
	unreadable = new Set(["alice 1"]);
	here = await post(habits);
});
afterEach(async () => {
	await here.close();
	removeCopies();
});

type Ask = (action: string, params: object) => Promise<never>;
const ask: Ask = (action, params) => here.call(action as never, params as never) as Promise<never>;
const letters = (params: object = {}): Promise<DeadLetter[]> => ask("ann.deadLetters", params);
const retry = (number: number, data?: object) => ask("ann.retryDeadLetter", data ? { number, data } : { number });
const discard = (number: number) => ask("ann.discardDeadLetter", { number });
const reads = (...diary: string[]) => eventually(async () => expect(await here.diary("ann")).toEqual(diary));
const parked = () => eventually(async () => expect(await letters({ status: "PARKED" })).toHaveLength(1));

async function threeLetters(): Promise<void> {
	await here.write("alice 1", "alice 2", "bob 3");
	await eventually(async () => expect(await letters()).toHaveLength(2));
}

it("what a reader cannot handle is parked with its reason, what comes after it waits, the rest flows on", async () => {
	await threeLetters();
	await reads("bob 3");
	expect(await here.diary("ben")).toHaveLength(3);
	await eventually(async () => expect(await here.underWay()).toBe(0));
	const found = await letters();
	// Their numbers may have gaps: a unit that was overtaken runs again.
	expect(found.map(({ id, status, error, subject, type }) => [id.split("-")[0], status, error, subject, type])).toEqual(
		[
			["ann", "WAITING", null, "letter/alice", "letter.written"],
			["ann", "PARKED", "Unreadable: Nobody can read this", "letter/alice", "letter.written"]
		]
	);
	const [newer, older] = found.map(({ id }) => Number(id.split("-")[1]));
	expect(newer).toBeGreaterThan(older!);
	expect(found[1]).toMatchObject({ consumer: "ann", attempts: 1, resolvedAt: null, event: { data: { n: 1 } } });
});

it("it is announced to everybody, as is what becomes of it", async () => {
	await threeLetters();
	unreadable.clear();
	await retry(1);
	unreadable.add("bob 4");
	await here.write("bob 4");
	await eventually(async () => expect(await letters({ status: "PARKED" })).toHaveLength(1));
	await discard(3);
	await eventually(() =>
		expect(
			here.heard.filter(({ type }) => type.startsWith("system.")).map(({ type, subject }) => [type, subject])
		).toEqual([
			["system.dead_letter_parked", "dead-letter/ann-1"],
			["system.dead_letter_retried", "dead-letter/ann-1"],
			["system.dead_letter_parked", "dead-letter/ann-3"],
			["system.dead_letter_discarded", "dead-letter/ann-3"]
		])
	);
	expect(here.of("system.dead_letter_parked")[0]!.data).toEqual({
		deadLetter: "ann-1",
		consumer: "ann",
		type: "letter.written",
		subject: "letter/alice",
		error: "Unreadable: Nobody can read this"
	});
});

it("a retry hands it to its handler again, with other data if need be; what waited follows in order", async () => {
	await here.write("alice 1", "alice 2", "alice 3");
	await eventually(async () => expect(await letters()).toHaveLength(3));
	await retry(1, { n: 11 });
	await reads("alice 11", "alice 2", "alice 3");
	await eventually(async () => expect(await letters()).toEqual([]));
	expect((await letters({ status: "RETRIED" })).map(({ id }) => id)).toEqual(["ann-3", "ann-2", "ann-1"]);
});

it("a retry that fails says why, and the letter stays", async () => {
	await here.write("alice 1");
	await parked();
	await expect(retry(1)).rejects.toMatchObject({
		code: 409,
		type: "DEAD_LETTER_FAILED_AGAIN",
		data: { id: "ann-1", error: "Unreadable: Nobody can read this" }
	});
	await expect(retry(1, { n: "eleven" })).rejects.toMatchObject({ type: "DEAD_LETTER_FAILED_AGAIN" });
	expect(await letters()).toMatchObject([{ status: "PARKED", attempts: 3 }]);
});

it("what is discarded is not handled, what waited behind it is", async () => {
	await threeLetters();
	await discard(1);
	await reads("bob 3", "alice 2");
	expect(await letters({ status: "DISCARDED" })).toMatchObject([{ id: "ann-1", resolvedAt: expect.any(String) }]);
});

it("a letter that is not there, waits, or is resolved cannot be resolved", async () => {
	await threeLetters();
	for (const number of [2, 99])
		for (const resolve of [retry, discard])
			await expect(resolve(number)).rejects.toMatchObject({ type: "DEAD_LETTER_NOT_FOUND", code: 404 });
	await discard(1);
	await expect(discard(1)).rejects.toMatchObject({ type: "DEAD_LETTER_NOT_FOUND" });
});

it("nobody but services may see or touch them", async () => {
	const admin = as(here, { userId: 4, roles: ["staff", "admin"] });
	for (const [verb, params] of [
		["deadLetters", {}],
		["retryDeadLetter", { number: 1 }],
		["discardDeadLetter", { number: 1 }]
	] as const)
		await expect(admin(`ann.${verb}` as never, params as never)).rejects.toMatchObject({ type: "FORBIDDEN" });
});

it("poison is parked at once, and its subject waits for it", async () => {
	await here.publish(event("letter.written", "letter/alice", { n: "one" } as never));
	await here.publish(event("letter.written", "letter/alice", { n: 2 }));
	expect((await letters()).map(({ status }) => status)).toEqual(["WAITING", "PARKED"]);
	expect((await letters())[1]!.error).toContain("PoisonEvent: letter.written does not match its contract");
	await retry(1, { n: 1 }).catch(() => undefined);
	unreadable.clear();
	await retry(1, { n: 1 });
	await reads("alice 1", "alice 2");
});

it("a subject that is held is held after a crash, and goes on after a crash in the middle of its release", async () => {
	await threeLetters();
	const next = await post({ ...habits }, crashed(here));
	await next.write("alice 4");
	const waiting = (): Promise<DeadLetter[]> => next.call("ann.deadLetters" as never, {} as never);
	await eventually(async () => expect(await waiting()).toHaveLength(3));
	expect(await next.diary("ann")).toEqual(["bob 3"]);
	await next
		.service("ann")
		.store.database.write("died", tx => tx.run("UPDATE dead_letters SET status = 'RETRIED' WHERE id = 1"));
	const last = await post({ ...habits }, crashed(next));
	await eventually(async () => expect(await last.diary("ann")).toEqual(["bob 3", "alice 2", "alice 4"]));
	await next.stop();
	await last.stop();
});
