import { Batch } from "../../../broker/batch.ts";
import { StoreUnavailable } from "../../../broker/errors.ts";

/** A place to commit to that holds each batch until it is let go. */
function gate() {
	const batches: number[][] = [];
	const doors: (() => void)[] = [];
	const commit = (items: number[]) => {
		batches.push(items);
		return new Promise<void>(open => doors.push(open));
	};
	return { batches, commit, open: () => doors.shift()!() };
}
const turn = () => new Promise(next => setImmediate(next));

describe("a batch", () => {
	it("takes what comes in one turn together, and what comes meanwhile next, one batch at a time", async () => {
		const { batches, commit, open } = gate();
		const batch = new Batch(commit);
		const early = [1, 2, 3].map(item => batch.add(item));
		await turn();
		const late = [4, 5].map(item => batch.add(item));
		await turn();
		expect(batches).toEqual([[1, 2, 3]]);
		open();
		await Promise.all(early);
		await turn();
		expect(batches).toEqual([
			[1, 2, 3],
			[4, 5]
		]);
		open();
		await Promise.all(late);
	});

	it("is never larger than it may be", async () => {
		const sizes: number[] = [];
		const batch = new Batch<number>(items => Promise.resolve(sizes.push(items.length)), { most: 4 });
		await Promise.all(Array.from({ length: 10 }, (_, item) => batch.add(item)));
		expect(sizes).toEqual([4, 4, 2]);
	});

	it("begins again after it was empty", async () => {
		const seen: number[] = [];
		const batch = new Batch<number>(items => Promise.resolve(seen.push(...items)));
		await batch.add(1);
		await batch.add(2);
		expect(seen).toEqual([1, 2]);
	});

	it("fails alone the item that cannot be committed, and keeps the order of the others", async () => {
		const committed: number[] = [];
		const batch = new Batch<number>(async items => {
			await turn();
			if (items.includes(3)) throw new Error("3 cannot be written");
			committed.push(...items);
		});
		const ends = await Promise.allSettled([1, 2, 3, 4].map(item => batch.add(item)));
		expect(ends.map(end => end.status)).toEqual(["fulfilled", "fulfilled", "rejected", "fulfilled"]);
		expect(ends[2]).toMatchObject({ reason: { message: "3 cannot be written" } });
		expect(committed).toEqual([1, 2, 4]);
	});

	it("tells everybody at once when the store is at fault", async () => {
		let tries = 0;
		const batch = new Batch<number>(() => {
			tries++;
			return Promise.reject(new StoreUnavailable("audit", "SQLITE_FULL"));
		});
		const ends = await Promise.allSettled([1, 2, 3].map(item => batch.add(item)));
		expect(ends.map(end => (end as PromiseRejectedResult).reason.type)).toEqual(Array(3).fill("STORE_UNAVAILABLE"));
		expect(tries).toBe(1);
	});
});
