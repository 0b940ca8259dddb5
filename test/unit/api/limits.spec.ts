import { readEnv } from "../../../broker/env.ts";
import { Admission } from "../../../services/api/admission.ts";
import { Overloaded, TooManyRequests } from "../../../services/api/api.errors.ts";
import { Limits } from "../../../services/api/limits.ts";

// checklist: 198-200
describe("the limits of a caller", () => {
	const limits = (more: Record<string, string> = {}) =>
		new Limits(readEnv({ RATE_LIMIT_PER_MINUTE: "3", RATE_LIMIT_ORDERS_PER_MINUTE: "2", ...more }));
	const spend = async (limited: Limits, caller: string, placesOrder = false): Promise<Record<string, string>> => {
		const told: Record<string, string> = {};
		await limited.spend(caller, placesOrder, (name, value) => {
			told[name] = value;
		});
		return told;
	};

	beforeEach(() => jest.useFakeTimers());
	afterEach(() => jest.useRealTimers());

	it("are told with every answer", async () => {
		expect(await spend(limits(), "a")).toEqual({
			"RateLimit-Policy": '"default";q=3;w=60',
			RateLimit: '"default";r=2;t=60'
		});
	});

	it("end what is too much, and say when to go on", async () => {
		const limited = limits();
		for (let request = 0; request < 3; request++) await spend(limited, "a");
		jest.advanceTimersByTime(20_000);
		const refusal = await spend(limited, "a").catch((error: unknown) => error);
		expect(refusal).toBeInstanceOf(TooManyRequests);
		expect((refusal as TooManyRequests).data).toEqual({ retryAfter: 40 });
	});

	it("are each caller's own, and new after a minute", async () => {
		const limited = limits();
		for (let request = 0; request < 3; request++) await spend(limited, "a");
		await expect(spend(limited, "b")).resolves.toMatchObject({ RateLimit: '"default";r=2;t=60' });
		await expect(spend(limited, "a")).rejects.toThrow(TooManyRequests);
		jest.advanceTimersByTime(60_001);
		await expect(spend(limited, "a")).resolves.toMatchObject({ RateLimit: '"default";r=2;t=60' });
	});

	it("forget callers whose minute is over", async () => {
		const limited = limits();
		for (let caller = 0; caller < 50; caller++) await spend(limited, `caller ${caller}`);
		expect(jest.getTimerCount()).toBe(50);
		jest.advanceTimersByTime(60_001);
		expect(jest.getTimerCount()).toBe(0);
	});

	it("are narrower for orders, without touching the rest", async () => {
		const limited = limits({ RATE_LIMIT_PER_MINUTE: "10" });
		await spend(limited, "a", true);
		expect(await spend(limited, "a", true)).toEqual({
			"RateLimit-Policy": '"default";q=10;w=60, "orders";q=2;w=60',
			RateLimit: '"default";r=8;t=60, "orders";r=0;t=60'
		});
		await expect(spend(limited, "a", true)).rejects.toThrow(TooManyRequests);
		await expect(spend(limited, "a")).resolves.toBeDefined();
	});

	it("are not there when they are off", async () => {
		const limited = limits({ RATE_LIMIT: "off" });
		for (let request = 0; request < 10; request++) expect(await spend(limited, "a", true)).toEqual({});
	});
});

describe("what is under way at once", () => {
	it("leaves room for writes when reads are turned away", () => {
		const admission = new Admission({ requests: 3, reads: 2, streams: 1 });
		const { leave } = admission.enter(false);
		admission.enter(false);
		expect(() => admission.enter(false)).toThrow(Overloaded);
		admission.enter(true);
		expect(() => admission.enter(true)).toThrow(Overloaded);
		leave();
		leave();
		expect(admission.underWay).toBe(2);
		expect(() => admission.enter(false)).toThrow(Overloaded);
		expect(() => admission.enter(true)).not.toThrow();
	});

	it("counts apart who only waits for an outcome", () => {
		const admission = new Admission({ requests: 1, reads: 1, waiting: 1 });
		const first = admission.enter(true);
		expect(first.wait()).toBe(true);
		const second = admission.enter(true);
		expect(() => admission.enter(true)).toThrow(Overloaded);
		// Where too many wait already, one more is answered at once, and keeps its place until then.
		expect(second.wait()).toBe(false);
		expect(() => admission.enter(true)).toThrow(Overloaded);
		expect(admission.underWay).toBe(2);
		first.leave();
		first.leave();
		expect(second.wait()).toBe(true);
		second.leave();
		expect(admission.underWay).toBe(0);
	});

	it("counts streams apart: they stay", () => {
		const admission = new Admission({ requests: 1, reads: 1, streams: 1 });
		const { leave } = admission.enterStream();
		expect(() => admission.enterStream()).toThrow(Overloaded);
		expect(admission.underWay).toBe(0);
		admission.enter(false);
		leave();
		expect(() => admission.enterStream()).not.toThrow();
	});
});
