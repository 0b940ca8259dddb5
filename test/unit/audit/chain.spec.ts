import { createHash } from "node:crypto";
import fc from "fast-check";
import {
	canonical,
	chained,
	START,
	verifyChain,
	verifyEnd,
	type Entry,
	type Fact
} from "../../../services/audit/chain.ts";

const word = fc.string({ minLength: 1, maxLength: 12 });
const fact: fc.Arbitrary<Fact> = fc.record({
	eventId: word,
	at: word,
	type: word,
	subject: word,
	source: word,
	version: fc.option(fc.nat()),
	correlationId: word,
	causationId: fc.option(word),
	traceparent: fc.option(word),
	data: fc.json().map(text => canonical(JSON.parse(text)))
});
const log = fc.array(fact, { minLength: 1, maxLength: 20 }).map(facts => chained(facts, START));

/** The value with one bit of one of its bytes turned over; a number is another number then. */
function flipped(value: string | number | null, at: number, bit: number): string | number {
	if (value === null) return "x";
	if (typeof value === "number") return value ^ (1 << (bit % 8));
	const bytes = Buffer.from(value, "utf16le");
	bytes[at % bytes.length]! ^= 1 << (bit % 8);
	return bytes.toString("utf16le");
}

describe("the chain of the log", () => {
	it("is whole as it was written, in one walk or in pages", () => {
		fc.assert(
			fc.property(log, fc.nat(), (entries, cut) => {
				const end = { seq: entries.length, hash: entries.at(-1)!.hash };
				expect(verifyChain(entries)).toEqual({ last: end });
				const page = verifyChain(entries.slice(0, cut % entries.length));
				expect(verifyChain(entries.slice(cut % entries.length), page.last)).toEqual({ last: end });
			})
		);
	});

	it("goes on where it ended, as if it had been written at once", () => {
		fc.assert(
			fc.property(fc.array(fact, { minLength: 2, maxLength: 8 }), fc.nat(), (facts, cut) => {
				const first = chained(facts.slice(0, 1 + (cut % (facts.length - 1))), START);
				const rest = chained(facts.slice(first.length), { seq: first.length, hash: first.at(-1)!.hash });
				expect([...first, ...rest]).toEqual(chained(facts, START));
			})
		);
	});

	it("names the entry in which a single bit is turned over, whichever field it lies in", () => {
		fc.assert(
			fc.property(log, fc.nat(), fc.nat(), fc.nat(), fc.nat(), (entries, where, field, at, bit) => {
				const index = where % entries.length;
				const victim = entries[index]!;
				const keys = Object.keys(victim) as (keyof Entry)[];
				const key = keys[field % keys.length]!;
				const tampered = entries.with(index, { ...victim, [key]: flipped(victim[key], at, bit) } as Entry);
				expect(verifyChain(tampered)).toMatchObject({ last: { seq: index }, brokenAt: index + 1 });
			}),
			{ numRuns: 1_000 }
		);
	});

	it("names the place where an entry was taken out, or two changed places", () => {
		fc.assert(
			fc.property(fc.array(fact, { minLength: 3, maxLength: 12 }), fc.nat(), (facts, where) => {
				const entries = chained(facts, START);
				const index = where % (entries.length - 1);
				expect(verifyChain(entries.toSpliced(index, 1)).brokenAt).toBe(index + 1);
				const swapped = entries.with(index, entries[index + 1]!).with(index + 1, entries[index]!);
				expect(verifyChain(swapped).brokenAt).toBe(index + 1);
			})
		);
	});

	it("is broken from the first entry that was written anew with a hash of its own", () => {
		const facts = fc.sample(fact, { numRuns: 3, seed: 1 });
		const entries = chained(facts, START);
		const [forged] = chained([{ ...facts[1]!, subject: "order/666" }], { seq: 1, hash: entries[0]!.hash });
		expect(verifyChain([entries[0]!, forged!, entries[2]!]).brokenAt).toBe(3);
	});

	it("is broken where a place was left out, even when the hashes fit", () => {
		const facts = fc.sample(fact, { numRuns: 2, seed: 3 });
		const [first] = chained(facts.slice(0, 1), START);
		const [late] = chained(facts.slice(1), { seq: 4, hash: first!.hash });
		expect(verifyChain([first!, late!])).toEqual({ last: { seq: 1, hash: first!.hash }, brokenAt: 2 });
	});

	it("hashes what anybody can hash who reads the list", () => {
		const [{ hash, prevHash, data, ...rest }] = chained(
			[
				{
					eventId: "e1",
					at: "2026-01-02T03:04:05.678Z",
					type: "order.created",
					subject: "order/1",
					source: "/souk/orders",
					version: 1,
					correlationId: "r1",
					causationId: null,
					traceparent: null,
					data: canonical({ orderId: 1, items: [{ quantity: 2, productId: 101 }] })
				}
			],
			START
		) as [Entry];
		const { causationId: _none, traceparent: _neither, ...present } = rest;
		const shown = { ...present, data: JSON.parse(data) as unknown };
		expect(canonical(shown)).toBe(
			'{"at":"2026-01-02T03:04:05.678Z","correlationId":"r1","data":{"items":[{"productId":101,"quantity":2}],' +
				'"orderId":1},"eventId":"e1","seq":1,"source":"/souk/orders","subject":"order/1","type":"order.created","version":1}'
		);
		expect(
			createHash("sha256")
				.update(prevHash + canonical(shown))
				.digest("hex")
		).toBe(hash);
	});
});

describe("the end that is noted apart", () => {
	const entries = chained(fc.sample(fact, { numRuns: 4, seed: 2 }), START);
	const end = verifyChain(entries).last;

	it("agrees with the last entry, or with none", () => {
		expect(verifyEnd(end, { seq: 4, hash: end.hash })).toBeUndefined();
		expect(verifyEnd(START, START)).toBeUndefined();
	});

	it("tells when the last entries were cut off", () => {
		expect(verifyEnd(verifyChain(entries.slice(0, 2)).last, end)).toBe(3);
		expect(verifyEnd(START, end)).toBe(1);
	});

	it("tells when it was itself changed or removed", () => {
		expect(verifyEnd(end, { seq: 4, hash: START.hash })).toBe(4);
		expect(verifyEnd(START, { seq: 0, hash: end.hash })).toBe(1);
		expect(verifyEnd(end, { seq: 2, hash: entries[1]!.hash })).toBe(3);
		expect(verifyEnd(end, undefined)).toBe(5);
	});
});

describe("canonical JSON", () => {
	it("has one spelling for each value, and says the same as JSON", () => {
		fc.assert(
			fc.property(fc.jsonValue(), value => {
				const text = canonical(value);
				expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)));
				expect(canonical(JSON.parse(text))).toBe(text);
			})
		);
		expect(canonical({ b: [1, { d: null, c: undefined }], a: "é", A: -0 })).toBe('{"A":0,"a":"é","b":[1,{"d":null}]}');
	});
});
