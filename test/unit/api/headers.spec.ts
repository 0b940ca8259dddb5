import fc from "fast-check";
import { IdempotencyKeyMalformed } from "../../../broker/errors.ts";
import { IfMatchMalformed } from "../../../services/api/api.errors.ts";
import { idempotencyKey } from "../../../services/api/idempotency-key.ts";
import { etagOf, isKnown, versionAsked } from "../../../services/api/preconditions.ts";
import { secondsToWait } from "../../../services/api/prefer.ts";
import { Sampling, traced } from "../../../services/api/tracing.ts";

const visible = fc.string({
	minLength: 8,
	maxLength: 255,
	unit: fc.integer({ min: 0x21, max: 0x7e }).map(code => String.fromCharCode(code))
});

describe("the idempotency key", () => {
	it("is the same bare and quoted", () => {
		fc.assert(
			fc.property(visible, key => {
				expect(idempotencyKey(`"${key.replace(/["\\]/g, "\\$&")}"`)).toBe(key);
				if (!key.startsWith('"')) expect(idempotencyKey(key)).toBe(key);
			})
		);
	});

	it("is not there when no header is", () => {
		expect(idempotencyKey(undefined)).toBeUndefined();
	});

	it.each([
		["", "nothing"],
		["1234567", "too short"],
		["x".repeat(256), "too long"],
		['"1234567"', "too short between its quotes"],
		[`"${"x".repeat(256)}"`, "too long between its quotes"],
		["two words", "with a space"],
		['"two words"', "with a space between quotes"],
		["schlüssel", "beyond ASCII"],
		["tab\tcharacter", "with a control character"],
		['"unclosed-key', "with a quote that is not closed"],
		['"a-good-key";p=1', "with parameters"],
		['"a-bad-\\x-escape"', "with an escape that is none"],
		["12345678, 12345678", "sent twice"]
	])("%j is refused: %s", header => {
		expect(() => idempotencyKey(header)).toThrow(IdempotencyKeyMalformed);
	});
});

describe("preconditions", () => {
	it("name a version by its ETag, or any", () => {
		expect(versionAsked('"3"')).toBe("3");
		expect(versionAsked("*")).toBeUndefined();
		expect(versionAsked(undefined)).toBeUndefined();
	});

	it.each(["3", 'W/"3"', '"3", "4"', '"-1"', '"x"', '""', `"${"9".repeat(16)}"`, ""])(
		"%j is refused as If-Match",
		header => {
			expect(() => versionAsked(header)).toThrow(IfMatchMalformed);
		}
	);

	it("tag one resource that has a version, and nothing else", () => {
		expect(etagOf({ id: 1, version: 3 })).toBe('"3"');
		for (const other of [{ id: 1 }, { items: [{ version: 1 }] }, null, undefined, "text", { version: "3" }])
			expect(etagOf(other)).toBeUndefined();
	});

	it("know what a client has, weak or strong, alone or in a list", () => {
		for (const header of ['"3"', 'W/"3"', '"1", "3"', "*", ' "2" , W/"3" ']) expect(isKnown(header, '"3"')).toBe(true);
		for (const header of [undefined, '"2"', "3", '"33"']) expect(isKnown(header, '"3"')).toBe(false);
	});
});

describe("the wish to wait", () => {
	it.each([
		["wait=5", 5],
		["respond-async, wait=5", 5],
		["Wait = 3; foo=bar", 3],
		['wait="2"', 2],
		["wait=0", 0],
		["wait=600", 10],
		["wait=999999999", 10],
		["wait=2, wait=9", 2]
	])("%j is %i seconds", (header, seconds) => {
		expect(secondsToWait(header)).toBe(seconds);
	});

	it.each([undefined, "", "wait", "wait=", "wait=-1", "wait=1.5", "wait=soon", "awaits=5", "wait=99999999999"])(
		"%j is none",
		header => {
			expect(secondsToWait(header)).toBeUndefined();
		}
	);
});

describe("the choice of traces", () => {
	const chosen = (sampling: Sampling, requests: number, everyMs: number): number => {
		const begun = performance.now();
		return Array.from({ length: requests }, (_, index) => sampling.take(begun + index * everyMs)).filter(Boolean)
			.length;
	};

	it("takes all requests while they are few", () => {
		expect(chosen(new Sampling(20), 1_000, 51)).toBe(1_000);
		expect(chosen(new Sampling(20), 20, 0)).toBe(20);
	});

	it("takes so many a second, and a second's worth at once, when they are more", () => {
		const taken = chosen(new Sampling(20), 10_000, 1);
		expect(taken).toBeGreaterThanOrEqual(10 * 20);
		expect(taken).toBeLessThanOrEqual(11 * 20 + 1);
	});

	it("takes none where there shall be none", () => {
		expect(chosen(new Sampling(0), 100, 1_000)).toBe(0);
	});
});

describe("what a request is called", () => {
	const traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

	it("is what its client calls it, where that is a good name", () => {
		expect(traced({ "x-request-id": "abc-1234", traceparent })).toEqual({
			requestId: "abc-1234",
			place: { traceId: "4bf92f3577b34da6a3ce929d0e0e4736", spanId: "00f067aa0ba902b7" }
		});
	});

	it.each(["short", "x".repeat(65), "with space", "new\nline", "<script>", "ünicode-", "a/b/c/d/e"])(
		"is never %j",
		named => {
			expect(traced({ "x-request-id": named }).requestId).toMatch(/^[\da-f-]{36}$/);
		}
	);

	it.each([
		"garbage",
		"01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
		`00-${"0".repeat(32)}-00f067aa0ba902b7-01`,
		`00-4bf92f3577b34da6a3ce929d0e0e4736-${"0".repeat(16)}-01`,
		traceparent.toUpperCase(),
		`${traceparent}-more`
	])("belongs to a new trace when it comes with %j", given => {
		const { traceId, spanId } = traced({ traceparent: given }).place;
		expect([traceId, spanId]).toEqual([expect.stringMatching(/^[\da-f]{32}$/), undefined]);
		expect(given).not.toContain(traceId);
	});

	it("is never the same twice", () => {
		const made = Array.from({ length: 100 }, () => traced({}));
		expect(new Set(made.map(({ requestId }) => requestId)).size).toBe(100);
		expect(new Set(made.map(({ place }) => place.traceId)).size).toBe(100);
	});
});
