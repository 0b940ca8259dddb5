import { StoreUnavailable } from "../../../broker/errors.ts";
import { Overloaded, RouteNotFound, ServiceUnavailable } from "../../../services/api/api.errors.ts";
import { type Asked, Resilience } from "../../../services/api/resilience.ts";

const fault = new StoreUnavailable("orders", "SQLITE_BUSY");
const read: Asked = { service: "orders", repeatable: true, waits: false };
const once: Asked = { ...read, repeatable: false };

/** Fails as often as it is told, then answers. */
function flaky(failures: number, error: Error = fault) {
	const asking = { tries: 0, ask: () => Promise.resolve("") };
	asking.ask = () => (++asking.tries <= failures ? Promise.reject(error) : Promise.resolve("answer"));
	return asking;
}

/** Calls until as many failed as open a breaker. */
async function breakIt(resilience: Resilience, asked: Asked = once) {
	for (let failure = 1; failure <= 5; failure++)
		await expect(resilience.call(asked, () => Promise.reject(fault))).rejects.toBe(fault);
}

const settled = () => new Promise(resolve => setImmediate(resolve));

// checklist: 122, 123
describe("a fault that passes", () => {
	it("is tried again, three times in all", async () => {
		const twice = flaky(2);
		expect(await new Resilience().call(read, twice.ask)).toBe("answer");
		const always = flaky(9);
		await expect(new Resilience().call(read, always.ask)).rejects.toBe(fault);
		expect([twice.tries, always.tries]).toEqual([3, 3]);
	});

	it("is not tried again when the call may not come twice", async () => {
		const asking = flaky(1);
		await expect(new Resilience().call(once, asking.ask)).rejects.toBe(fault);
		expect(asking.tries).toBe(1);
	});

	it.each(["REQUEST_TIMEOUT", "DEADLINE_EXCEEDED"])("is not tried again when no time is left: %s", async type => {
		const asking = flaky(1, Object.assign(new Error("late"), { type, retryable: true }));
		await expect(new Resilience().call(read, asking.ask)).rejects.toThrow("late");
		expect(asking.tries).toBe(1);
	});

	it("is tried again for a tenth of the calls, and no more", async () => {
		const resilience = new Resilience();
		let tries = 0;
		let every = 0;
		// Every second call fails for good, so that the breaker stays closed.
		for (let call = 0; call < 300; call++) {
			const fails = call % 2 === 0;
			await resilience
				.call(read, () => {
					tries++;
					return fails ? Promise.reject(new RouteNotFound()) : Promise.resolve(every++);
				})
				.catch(() => undefined);
		}
		expect(tries).toBe(300);
		const spent = flaky(1_000);
		for (let call = 0; call < 40; call++) {
			await resilience.call(read, spent.ask).catch(() => undefined);
			resilience.forget();
		}
		// Ten were saved up, and forty calls earned four more.
		expect(spent.tries - 40).toBeGreaterThanOrEqual(13);
		expect(spent.tries - 40).toBeLessThanOrEqual(14);
	}, 60_000);
});

describe("a refusal", () => {
	it("is final, and opens no breaker", async () => {
		const resilience = new Resilience();
		const asking = flaky(8, new RouteNotFound());
		for (let call = 0; call < 8; call++) await expect(resilience.call(read, asking.ask)).rejects.toThrow(RouteNotFound);
		expect(asking.tries).toBe(8);
		expect(await resilience.call(read, asking.ask)).toBe("answer");
	});
});

// checklist: 127, 128
describe("the breaker of a service", () => {
	afterEach(() => jest.useRealTimers());

	it("opens after five failures in a row, for that service alone", async () => {
		const resilience = new Resilience();
		await breakIt(resilience);
		const asking = flaky(0);
		await expect(resilience.call(once, asking.ask)).rejects.toThrow(ServiceUnavailable);
		await expect(resilience.call(read, asking.ask)).rejects.toThrow(ServiceUnavailable);
		expect(asking.tries).toBe(0);
		expect(await resilience.call({ ...once, service: "users" }, asking.ask)).toBe("answer");
	});

	it("stays closed when one call between them was answered", async () => {
		const resilience = new Resilience();
		for (let round = 0; round < 3; round++) {
			const asking = flaky(4);
			for (let call = 0; call < 4; call++) await expect(resilience.call(once, asking.ask)).rejects.toBe(fault);
			expect(await resilience.call(once, asking.ask)).toBe("answer");
		}
	});

	it("lets one call try after a minute, and closes when that was answered", async () => {
		jest.useFakeTimers({ doNotFake: ["nextTick", "setImmediate", "queueMicrotask", "performance"] });
		const resilience = new Resilience();
		await breakIt(resilience);
		jest.setSystemTime(Date.now() + 60_001);
		const failing = flaky(1);
		await expect(resilience.call(once, failing.ask)).rejects.toBe(fault);
		await expect(resilience.call(once, failing.ask)).rejects.toThrow(ServiceUnavailable);
		expect(failing.tries).toBe(1);
		jest.setSystemTime(Date.now() + 60_001);
		expect(await resilience.call(once, failing.ask)).toBe("answer");
		expect(await resilience.call(once, failing.ask)).toBe("answer");
	});

	it("is forgotten when another process serves", async () => {
		const resilience = new Resilience();
		await breakIt(resilience);
		resilience.forget();
		expect(await resilience.call(once, flaky(0).ask)).toBe("answer");
	});
});

// checklist: 124, 125
describe("the bulkhead of a service", () => {
	it("lets so many calls through at once, keeps ten times as many waiting, and turns away the rest", async () => {
		const resilience = new Resilience({ orders: 2 });
		let underWay = 0;
		let release!: () => void;
		const opened = new Promise<void>(resolve => {
			release = resolve;
		});
		const ask = async () => {
			underWay++;
			await opened;
			return "answer";
		};
		const calls = Array.from({ length: 23 }, () => resilience.call(read, ask));
		const outcomes = Promise.allSettled(calls);
		await settled();
		expect(underWay).toBe(2);
		// Who waits for an outcome takes no place of those who work.
		const waiting = resilience.call({ ...read, waits: true }, ask);
		await settled();
		expect(underWay).toBe(3);
		release();
		expect(await waiting).toBe("answer");
		const turnedAway = (await outcomes).filter(({ status }) => status === "rejected");
		expect(turnedAway).toEqual([expect.objectContaining({ reason: expect.any(Overloaded) as Overloaded })]);
		expect(underWay).toBe(23);
	});
});
