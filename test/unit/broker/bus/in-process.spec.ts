import { InProcessBus } from "../../../../broker/bus/in-process.ts";
import type { Consumer } from "../../../../broker/bus/bus.ts";
import type { SoukEvent } from "../../../../broker/event.ts";
import "../sql/probe.ts";
import { event } from "../../../support/node.ts";

/** A consumer that finishes a delivery when the spec says so. */
class Hand implements Consumer {
	readonly name: string;
	readonly got: SoukEvent[] = [];
	readonly #open: { resolve(): void; reject(error: Error): void }[] = [];

	constructor(name: string) {
		this.name = name;
	}

	hears(type: string): boolean {
		return type === "probe.moved";
	}

	receive(delivered: SoukEvent): Promise<void> {
		this.got.push(delivered);
		return new Promise((resolve, reject) => this.#open.push({ resolve, reject }));
	}

	finish(index: number): void {
		this.#open[index]!.resolve();
	}

	fail(index: number): void {
		this.#open[index]!.reject(new Error("the process is stopping"));
	}
}

const moved = (subject: string, n: number) => event("probe.moved", subject, { n });
const turn = () => new Promise(resolve => setImmediate(resolve));
const state = async (promise: Promise<unknown>) => {
	let now = "pending";
	promise.then(
		() => (now = "answered"),
		() => (now = "rejected")
	);
	await turn();
	return now;
};

it("answers for an event when every consumer that hears it has it, and those that do not are not asked", async () => {
	const bus = new InProcessBus();
	const [one, two] = [new Hand("one"), new Hand("two")];
	bus.subscribe(one);
	bus.subscribe(two);
	bus.subscribe({ name: "deaf", hears: () => false, receive: () => Promise.reject(new Error("not asked")) });
	const publishing = bus.publish(moved("probe/1", 1));
	one.finish(0);
	expect(await state(publishing)).toBe("pending");
	two.finish(0);
	expect(await state(publishing)).toBe("answered");
	expect(await state(bus.publish({ ...moved("probe/1", 1), type: "probe.lost" as never }))).toBe("answered");
});

it("delivers one subject's events one after the other, each consumer at its own pace, and other subjects beside them", async () => {
	const bus = new InProcessBus();
	const [slow, quick] = [new Hand("slow"), new Hand("quick")];
	bus.subscribe(slow);
	bus.subscribe(quick);
	void bus.publish(moved("probe/1", 1));
	void bus.publish(moved("probe/1", 2));
	void bus.publish(moved("probe/2", 3));
	await turn();
	expect(slow.got.map(({ data }) => data)).toEqual([{ n: 1 }, { n: 3 }]);
	quick.finish(0);
	await turn();
	expect(quick.got.map(({ data }) => data)).toEqual([{ n: 1 }, { n: 3 }, { n: 2 }]);
	expect(slow.got).toHaveLength(2);
	slow.finish(0);
	await turn();
	expect(slow.got.map(({ data }) => data)).toEqual([{ n: 1 }, { n: 3 }, { n: 2 }]);
});

it("rejects what waits behind a delivery that failed, undelivered, so that it keeps its place when both come again", async () => {
	const bus = new InProcessBus();
	const hand = new Hand("one");
	bus.subscribe(hand);
	const first = bus.publish(moved("probe/1", 1));
	const second = bus.publish(moved("probe/1", 2));
	hand.fail(0);
	expect([await state(first), await state(second)]).toEqual(["rejected", "rejected"]);
	expect(hand.got).toHaveLength(1);
	void bus.publish(moved("probe/1", 1));
	void bus.publish(moved("probe/1", 2));
	await turn();
	hand.finish(1);
	await turn();
	expect(hand.got.map(({ data }) => data)).toEqual([{ n: 1 }, { n: 1 }, { n: 2 }]);
});

it("keeps nothing of what it has delivered", async () => {
	const weigh = async (subjects: number) => {
		const bus = new InProcessBus();
		bus.subscribe({ name: "one", hears: () => true, receive: () => Promise.resolve() });
		const published = Array.from({ length: subjects }, (_, n) => bus.publish(moved(`probe/${n}`, n)));
		await Promise.all(published);
		await turn();
		return bus;
	};
	const bus = await weigh(1_000);
	const late = new Hand("late");
	bus.subscribe(late);
	// A lane that was left behind would make this one wait a turn for it.
	void bus.publish(moved("probe/7", 1));
	expect(late.got).toHaveLength(1);
});
