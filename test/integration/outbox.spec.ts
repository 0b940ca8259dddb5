// checklist: 62, 66, 68
import { eventually } from "../support/eventually.ts";
import { Asleep, post, type Post } from "../support/post.ts";
import { crashed, removeCopies } from "../support/saga-shop.ts";

const open: Post[] = [];
const start = async (...given: Parameters<typeof post>) => {
	const made = await post(...given);
	open.push(made);
	return made;
};
afterEach(async () => {
	for (const one of open.splice(0)) await one.close();
	removeCopies();
});

const awake = () => undefined;
const reads = (here: Post, reader: string, ...letters: string[]) =>
	eventually(async () => expect(await here.diary(reader)).toEqual(letters));
const allDelivered = (here: Post) => eventually(async () => expect(await here.underWay()).toBe(0));

it("an event reaches all who hear it, in the order of its subject, and is then no longer under way", async () => {
	const here = await start({ ann: awake, ben: awake });
	const letters = Array.from({ length: 300 }, (_, n) => `${["alice", "bob", "carol"][n % 3]} ${n}`);
	for (let from = 0; from < 300; from += 10) await here.write(...letters.slice(from, from + 10));
	await allDelivered(here);
	for (const reader of ["ann", "ben"]) {
		const diary = await here.diary(reader);
		expect(diary.toSorted()).toEqual(letters.toSorted());
		for (const name of ["alice", "bob", "carol"])
			expect(diary.filter(letter => letter.startsWith(name))).toEqual(
				letters.filter(letter => letter.startsWith(name))
			);
	}
});

it("who writes does not wait for who reads", async () => {
	const held = Promise.withResolvers<void>();
	const here = await start({ ann: () => held.promise });
	await here.write("alice 1");
	expect(await here.diary("ann")).toEqual([]);
	held.resolve();
	await reads(here, "ann", "alice 1");
});

it("a reader that sleeps holds back its own subject, not another reader and not another subject", async () => {
	let asleep = true;
	const here = await start({
		ann: letter => {
			if (asleep && letter.startsWith("alice")) throw new Asleep();
		},
		ben: awake
	});
	await here.write("alice 1", "alice 2", "bob 3");
	// Each subject in its order; which comes first is nobody's promise.
	await eventually(async () =>
		expect((await here.diary("ben")).toSorted((a, b) => a.charCodeAt(0) - b.charCodeAt(0))).toEqual([
			"alice 1",
			"alice 2",
			"bob 3"
		])
	);
	await reads(here, "ann", "bob 3");
	await eventually(async () => expect(await here.underWay()).toBe(2));
	asleep = false;
	await reads(here, "ann", "bob 3", "alice 1", "alice 2");
	await allDelivered(here);
});

it("an event that was committed when the process died is delivered by the next, once", async () => {
	const held = Promise.withResolvers<void>();
	const dying = await start({ ann: () => held.promise, ben: awake });
	await dying.write("alice 1", "alice 2");
	await eventually(async () => expect(await dying.diary("ben")).toHaveLength(2));
	const next = await start({ ann: awake, ben: awake }, crashed(dying));
	await reads(next, "ann", "alice 1", "alice 2");
	await allDelivered(next);
	expect(await next.diary("ben")).toEqual(["alice 1", "alice 2"]);
	held.resolve();
});

it("an event that is committed while the process stops is delivered after the next start", async () => {
	const first = await start({ ann: awake });
	await first.write("alice 1");
	await allDelivered(first);
	await first.service("writer").relay.stop();
	await first.write("alice 2");
	await first.stop();
	open.pop();
	const next = await start({ ann: awake }, first.dataDir);
	await reads(next, "ann", "alice 1", "alice 2");
});

it("a stop in the middle of a thousand deliveries loses none of them and doubles none", async () => {
	const letters = Array.from({ length: 1_000 }, (_, n) => `to-${n % 50} ${n}`);
	const first = await start({ ann: () => new Promise(resolve => setImmediate(resolve)) });
	await first.write(...letters);
	await eventually(async () => expect((await first.diary("ann")).length).toBeGreaterThan(20), { every: 1 });
	await first.stop();
	open.pop();
	const next = await start({ ann: awake }, first.dataDir);
	await allDelivered(next);
	expect((await next.diary("ann")).toSorted()).toEqual(letters.toSorted());
});
