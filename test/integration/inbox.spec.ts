// checklist: 66
import { event } from "../support/node.ts";
import { eventually } from "../support/eventually.ts";
import { Asleep, post, type Post } from "../support/post.ts";

let here: Post | undefined;
afterEach(async () => {
	await here?.close();
	here = undefined;
});

const letter = (n: number, to = "alice") => event("letter.written", `letter/${to}`, { n });

it("an event that the bus delivers again is not handled again, at once or after a restart", async () => {
	let handled = 0;
	const habit = () => void handled++;
	here = await post({ ann: habit });
	const one = letter(1);
	await Promise.all([here.publish(one), here.publish(one), here.publish(one)]);
	await here.stop();
	here = await post({ ann: habit }, here.dataDir);
	await here.publish(one);
	// The handler is asked each time; what it does in its unit is done once.
	expect(handled).toBe(4);
	expect(await here.diary("ann")).toEqual(["alice 1"]);
});

it("an event is answered for only when its effect is durable", async () => {
	const held = Promise.withResolvers<void>();
	here = await post({ ann: () => held.promise });
	let answered = false;
	const publishing = here.publish(letter(1)).then(() => (answered = true));
	await eventually(() => expect(here!.heard).toHaveLength(1));
	expect(answered).toBe(false);
	held.resolve();
	await publishing;
	expect(await here.diary("ann")).toEqual(["alice 1"]);
});

it("a fault that passes is waited out; what comes after it of the same subject waits too", async () => {
	let left = 5;
	here = await post({
		ann: what => {
			if (what === "alice 1" && left-- > 0) throw new Asleep();
		}
	});
	await here.write("alice 1", "alice 2");
	await eventually(async () => expect(await here!.diary("ann")).toEqual(["alice 1", "alice 2"]));
	expect(await here.call("ann.deadLetters" as never, {} as never)).toEqual([]);
});

it("a service that a handler needs and that is not there yet is a fault that passes", async () => {
	here = await post({
		ann: () => (asked++ < 3 ? here!.call("nobody.there" as never, {} as never) : undefined)
	});
	await here.write("alice 1");
	await eventually(async () => expect(await here!.diary("ann")).toEqual(["alice 1"]));
	expect(asked).toBe(4);
});
let asked = 0;

it("the process stops although a handler is waiting for better times, and the next one handles the event", async () => {
	here = await post({
		ann: () => {
			throw new Asleep();
		}
	});
	await here.write("alice 1");
	await eventually(() => expect(here!.heard).toHaveLength(1));
	await here.stop();
	here = await post({ ann: () => undefined }, here.dataDir);
	await eventually(async () => expect(await here!.diary("ann")).toEqual(["alice 1"]));
});
