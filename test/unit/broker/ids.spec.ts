import { isoNow, uuid7 } from "../../../broker/ids.ts";

describe("a message's id", () => {
	it("is a UUID of version 7 that carries its millisecond", () => {
		const id = uuid7(Date.UTC(2026, 0, 2));
		expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
		expect(parseInt(id.replace("-", "").slice(0, 12), 16)).toBe(Date.UTC(2026, 0, 2));
	});

	it("is unique, also among many of one millisecond", () => {
		const ids = Array.from({ length: 10_000 }, () => uuid7(1_700_000_000_000));
		expect(new Set(ids).size).toBe(10_000);
	});

	it("sorts by time, as text", () => {
		const times = [0, 1, 255, 256, 1_700_000_000_000, 2 ** 47];
		expect(times.map(time => uuid7(time)).sort()).toEqual([
			...times.map(time => expect.stringContaining(uuid7(time).slice(0, 13)))
		]);
	});
});

it("a time is UTC with milliseconds, now or so far from now", () => {
	expect(isoNow()).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
	expect(Math.abs(Date.parse(isoNow(-60_000)) - (Date.now() - 60_000))).toBeLessThan(1_000);
});
