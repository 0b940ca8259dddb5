import fc from "fast-check";
import { afterFailure, type Failures, FAILURES, LOCK_MS, lockedFor } from "../../../services/users/lock-out.ts";

const start = Date.parse("2026-01-01T00:00:00.000Z");

/** Fails as often as said, at one moment. */
function failing(times: number, now = start): Failures | undefined {
	let failures: Failures | undefined;
	for (let time = 0; time < times; time++) failures = afterFailure(failures, now);
	return failures;
}

describe("failed logins", () => {
	it("lock nothing until the tenth in a row", () => {
		expect(lockedFor(undefined, start)).toBe(0);
		expect(lockedFor(failing(9), start)).toBe(0);
		expect(lockedFor(failing(10), start)).toBe(900);
	});

	it("lock for fifteen minutes to the millisecond, and say how many seconds are left, rounded up", () => {
		const locked = failing(10);
		expect(lockedFor(locked, start + LOCK_MS - 1)).toBe(1);
		expect(lockedFor(locked, start + LOCK_MS)).toBe(0);
		expect(lockedFor(locked, start + 1)).toBe(900);
	});

	it("take ten more for the next lock", () => {
		const later = start + LOCK_MS;
		let failures = failing(10);
		for (let time = 0; time < 9; time++) failures = afterFailure(failures, later);
		expect(lockedFor(failures, later)).toBe(0);
		expect(lockedFor(afterFailure(failures, later), later)).toBe(900);
	});
});

describe("any sequence of logins", () => {
	const attempts = fc.array(
		fc.record({
			fails: fc.integer({ min: 0, max: 24 }).map(chance => chance > 0),
			after: fc.oneof(
				{ weight: 8, arbitrary: fc.integer({ min: 0, max: 1_000 }) },
				{ weight: 1, arbitrary: fc.integer({ min: 0, max: 2 * LOCK_MS }) },
				{ weight: 1, arbitrary: fc.constantFrom(LOCK_MS - 1, LOCK_MS) }
			)
		}),
		{ maxLength: 200, size: "max" }
	);

	it("has ten verdicts in a row at most, and none while it is locked", () => {
		let locks = 0;
		const property = fc.property(attempts, list => {
			let failures: Failures | undefined;
			let now = start;
			let inARow = 0;
			let lockedAt = Number.NEGATIVE_INFINITY;
			for (const { fails, after } of list) {
				now += after;
				const seconds = lockedFor(failures, now);
				expect(seconds > 0).toBe(now < lockedAt + LOCK_MS);
				expect(lockedFor(failures, now + seconds * 1_000)).toBe(0);
				if (seconds > 0) continue;
				if (!fails) {
					failures = undefined;
					inARow = 0;
					continue;
				}
				failures = afterFailure(failures, now);
				inARow++;
				expect(lockedFor(failures, now) > 0).toBe(inARow === FAILURES);
				if (inARow < FAILURES) continue;
				lockedAt = now;
				inARow = 0;
				locks++;
			}
		});
		fc.assert(property, { numRuns: 300 });
		expect(locks).toBeGreaterThan(100);
	});
});
