import fc from "fast-check";
import { backoff, sleep } from "../../../broker/backoff.ts";

describe("the pause after a failed try", () => {
	it("doubles from the first up to the cap, and is at least half of that", () => {
		fc.assert(
			fc.property(fc.integer({ min: 1, max: 10_000 }), attempt => {
				const full = Math.min(30_000, 50 * 2 ** (attempt - 1));
				const pause = backoff(attempt, 50, 30_000);
				expect(pause).toBeGreaterThanOrEqual(full / 2);
				expect(pause).toBeLessThanOrEqual(full);
			})
		);
	});

	it("differs from try to try, so that many do not come back at once", () => {
		expect(new Set(Array.from({ length: 20 }, () => backoff(5, 50, 30_000))).size).toBeGreaterThan(15);
	});
});

describe("sleeping", () => {
	it("ends when the time is over, and at once when it is called off", async () => {
		const began = performance.now();
		await sleep(20);
		expect(performance.now() - began).toBeGreaterThanOrEqual(18);
		const off = new AbortController();
		const long = sleep(60_000, off.signal);
		off.abort();
		await expect(long).rejects.toMatchObject({ name: "AbortError" });
		await expect(sleep(60_000, off.signal)).rejects.toMatchObject({ name: "AbortError" });
	});
});
