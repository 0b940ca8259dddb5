import { Errors } from "moleculer";
import { brokerOptions } from "../../../moleculer.config.ts";
import { processEnv } from "../../../broker/env.ts";
import { StoreUnavailable } from "../../../broker/errors.ts";

const wire = { unsteady: false };
const { check, ...breaker } = brokerOptions(processEnv(), wire as never).circuitBreaker!;
const counts = (error: Error): boolean => check!(error);

const about = { action: "orders.place", nodeID: "orders.1" };
const timeout = new Errors.RequestTimeoutError(about);

// checklist: 83
it("a breaker opens after five failures in a minute, when they were half of the calls, and asks again after another", () => {
	expect(breaker).toEqual({ enabled: true, minRequestCount: 5, threshold: 0.5, windowTime: 60, halfOpenTime: 60_000 });
});

describe("a breaker counts", () => {
	beforeEach(() => {
		wire.unsteady = false;
	});

	it("a process that does not answer, or whose store does not", () => {
		expect(counts(timeout)).toBe(true);
		expect(counts(new StoreUnavailable("orders", "closed"))).toBe(true);
	});

	it("no process that is gone: it is asked no more, and who has its name next is another", () => {
		expect(counts(new Errors.RequestRejectedError(about))).toBe(false);
	});

	it("no silence while the wire was down, which says nothing of any process", () => {
		wire.unsteady = true;
		expect(counts(timeout)).toBe(false);
	});

	it("nothing that the process was told itself by another", () => {
		expect(counts(Object.assign(new Errors.RequestTimeoutError(about), { nodeID: "users.1" }))).toBe(false);
	});
});
