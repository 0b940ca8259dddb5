import type { Probe } from "../../../broker/runtime.ts";
import { healthOf, readinessOf } from "../../../broker/health.ts";

const probe = (name: string, check: () => Promise<unknown>): Probe => ({ name, check, connections: 2 });
const well = probe("orders", () => Promise.resolve({ 1: 1 }));
const broken = probe("payments", () => Promise.reject(new Error("disk I/O error")));
const silent = probe("users", () => new Promise(() => undefined));

// checklist: 113
describe("the health of the whole", () => {
	it("is good when everything that was ever met is here and its store answers", async () => {
		expect(await healthOf({ orders: ["a", "b"], users: ["a"] }, [well], true)).toEqual({
			status: "healthy",
			timestamp: expect.stringMatching(/^\d{4}-.+Z$/) as string,
			services: { orders: "up", users: "up" },
			instances: { orders: ["a", "b"], users: ["a"] }
		});
	});

	it("is good without those who only watch, who are named all the same", async () => {
		expect(await healthOf({ console: [], orders: ["a"] }, [well], true)).toMatchObject({
			status: "healthy",
			services: { console: "down", orders: "up" }
		});
	});

	it("is not when a service is away, or its store fails or does not answer", async () => {
		const health = await healthOf(
			{ orders: ["a"], payments: ["a"], shipping: [], users: ["a"] },
			[well, broken, silent],
			true
		);
		expect(health).toMatchObject({
			status: "unhealthy",
			services: { orders: "up", payments: "down", shipping: "down", users: "down" }
		});
	});
});

describe("the health of the whole behind a gateway that starts or stops", () => {
	it("is not good, whatever it has met", async () => {
		expect(await healthOf({ orders: ["a"] }, [well], false)).toMatchObject({
			status: "unhealthy",
			services: { orders: "up" }
		});
		expect(await healthOf({}, [], false)).toMatchObject({ status: "unhealthy" });
	});
});

describe("the readiness of a process", () => {
	it("is there when its stores answer", async () => {
		expect(await readinessOf(undefined, { probes: [well] })).toEqual({
			status: "ready",
			database: "up",
			cache: "none"
		});
	});

	it("is not while it starts or stops, and not when a store fails", async () => {
		expect(await readinessOf("stopping", { probes: [well] })).toEqual({
			status: "not ready",
			database: "up",
			cache: "none",
			reason: "stopping"
		});
		expect(await readinessOf(undefined, { probes: [well, broken] })).toEqual({
			status: "not ready",
			database: "down",
			cache: "none"
		});
	});

	it("names the wire beside the stores, where there is one", async () => {
		const wire = probe("bus", () => Promise.reject(new Error("NATS does not answer")));
		expect(await readinessOf(undefined, { probes: [well, wire] })).toMatchObject({
			status: "not ready",
			database: "up",
			bus: "down"
		});
		expect(await readinessOf(undefined, { probes: [broken, { ...wire, check: well.check }] })).toMatchObject({
			database: "down",
			bus: "up"
		});
	});
});
