import { Turnstile } from "../../../../broker/sql/turnstile.ts";

class Overtaken extends Error {}

let turnstile: Turnstile;
/** Who is inside, in the order they came in. */
let inside: string[];
let order: string[];
let ends: Map<string, PromiseWithResolvers<void>>;

beforeEach(() => {
	turnstile = new Turnstile(4, error => error instanceof Overtaken);
	[inside, order, ends] = [[], [], new Map()];
});

function enter(name: string, lost = false): Promise<void> {
	const end = Promise.withResolvers<void>();
	ends.set(name, end);
	return turnstile
		.pass(async () => {
			inside.push(name);
			order.push(name);
			await end.promise.finally(() => inside.splice(inside.indexOf(name), 1));
		}, lost)
		.catch(() => undefined);
}
/** Lets every microtask run. */
const settled = () => new Promise(turn => setImmediate(turn));
async function win(...names: string[]): Promise<void> {
	for (const name of names) ends.get(name)!.resolve();
	await settled();
}
async function lose(...names: string[]): Promise<void> {
	for (const name of names) ends.get(name)!.reject(new Overtaken());
	await settled();
}
async function fail(name: string): Promise<void> {
	ends.get(name)!.reject(new Error("its own"));
	await settled();
}
/** How many it lets in at once, found out by as many as it takes. */
async function width(): Promise<number> {
	const names = Array.from({ length: 8 }, (_, index) => `probe ${index}`);
	const all = names.map(name => enter(name));
	await settled();
	const many = inside.length;
	for (const end of ends.values()) end.reject(new Error("a probe neither wins nor loses"));
	await Promise.all(all);
	return many;
}
/** Rounds in which as many as go in win. */
async function wins(rounds: number): Promise<void> {
	for (let round = 0; round < rounds; round++) {
		for (const name of ["a", "b", "c", "d", "e"]) void enter(name);
		await settled();
		while (inside.length > 0) await win(...inside);
	}
}

describe("who wants in", () => {
	it("goes in the order they came, so many at once", async () => {
		for (const name of ["a", "b", "c", "d"]) void enter(name);
		await settled();
		expect(inside).toEqual(["a", "b"]);
		await win("b");
		expect(inside).toEqual(["a", "c"]);
		await win("a", "c");
		await win("d");
		expect(order).toEqual(["a", "b", "c", "d"]);
	});

	it("goes before those who came earlier when they lost a race, but one at a time", async () => {
		for (const name of ["a", "b", "c"]) void enter(name);
		void enter("loser 1", true);
		void enter("loser 2", true);
		await win("a");
		expect(inside).toEqual(["b", "loser 1"]);
		await win("b");
		expect(inside).toEqual(["loser 1", "c"]);
		await win("loser 1");
		expect(inside).toEqual(["c", "loser 2"]);
		await win("c", "loser 2");
		expect(inside).toEqual([]);
	});

	it("does not wait for one that is inside for long, as long as there are places at all", async () => {
		jest.useFakeTimers({ doNotFake: ["setImmediate", "queueMicrotask", "nextTick"] });
		try {
			for (const name of ["a", "b", "c", "d", "e"]) void enter(name);
			await settled();
			await win("a");
			expect(inside).toEqual(["b", "c"]);
			jest.advanceTimersByTime(1_100);
			await settled();
			expect(inside).toEqual(["b", "c", "d", "e"]);
			void enter("f");
			jest.advanceTimersByTime(1_100);
			await settled();
			expect(inside).toEqual(["b", "c", "d", "e"]);
			await win("b", "c", "d");
			expect(inside).toEqual(["e", "f"]);
			await win("e", "f");
			expect(await width()).toBe(2);
		} finally {
			jest.useRealTimers();
		}
	});

	it("does not lose a place to one that failed", async () => {
		for (const name of ["a", "b", "c"]) void enter(name);
		await settled();
		await fail("a");
		expect(inside).toEqual(["b", "c"]);
		await win("b", "c");
		expect(await width()).toBe(2);
	});
});

describe("how many go at once", () => {
	it("grows while they win, up to the most", async () => {
		await wins(20);
		expect(await width()).toBe(4);
	});

	it("does not grow by those who came alone", async () => {
		for (let n = 0; n < 50; n++) {
			void enter("a");
			await settled();
			await win("a");
		}
		expect(await width()).toBe(2);
	});

	it("goes down to one where they stand in each other's way, and never below", async () => {
		await wins(20);
		for (const name of ["a", "b", "c", "d"]) void enter(name);
		await settled();
		await lose("a", "b", "c", "d");
		expect(await width()).toBe(1);
	});

	it("stays where one in ten loses", async () => {
		await wins(20);
		for (let n = 0; n < 20; n++) {
			await wins(2);
			void enter("a");
			await settled();
			await lose("a");
		}
		await wins(3);
		expect(await width()).toBe(4);
	});
});
