import { Waiters } from "../../../services/orders/orders.waiting.ts";
import type { Order } from "../../../services/orders/orders.contract.ts";

const order = (id: number) => ({ id }) as Order;

beforeEach(() => jest.useFakeTimers());
afterEach(() => jest.useRealTimers());

it("all who wait for an order are told of it when it moves, those who wait for another are not", async () => {
	const waiters = new Waiters();
	const [one, two, other] = [waiters.wait(1, 1_000), waiters.wait(1, 1_000), waiters.wait(2, 1_000)];
	waiters.wake(order(1));
	expect(await Promise.all([one, two])).toEqual([order(1), order(1)]);
	let told: unknown = "nothing yet";
	void other.then(what => (told = what));
	await Promise.resolve();
	expect(told).toBe("nothing yet");
	jest.advanceTimersByTime(1_000);
	expect(await other).toBeUndefined();
});

it("nobody waits longer than they said", async () => {
	const waiters = new Waiters();
	const waiting = waiters.wait(1, 50);
	jest.advanceTimersByTime(50);
	expect(await waiting).toBeUndefined();
});

it("nothing is left behind of those who waited: no timer, and a wake-up more wakes nobody", async () => {
	const waiters = new Waiters();
	const waiting = [waiters.wait(1, 60_000), waiters.wait(1, 60_000)];
	expect(jest.getTimerCount()).toBe(2);
	waiters.wake(order(1));
	await Promise.all(waiting);
	expect(jest.getTimerCount()).toBe(0);
	expect(() => waiters.wake(order(1))).not.toThrow();
});

it("a wake-up that wakes somebody who waits again does not wake them twice", async () => {
	const waiters = new Waiters();
	const again = waiters.wait(1, 1_000).then(() => waiters.wait(1, 1_000));
	waiters.wake(order(1));
	await Promise.resolve();
	await Promise.resolve();
	expect(jest.getTimerCount()).toBe(1);
	waiters.wake(order(1));
	expect(await again).toEqual(order(1));
});
