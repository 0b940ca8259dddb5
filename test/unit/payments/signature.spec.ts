import { createHmac } from "node:crypto";
import fc from "fast-check";
import { isSigned, sign } from "../../../services/payments/signature.ts";

const SECRET = "a secret of some length";
const RAW = '{"id":"evt_1","type":"authorization.settled","key":"order-1:authorize"}';
const NOW = Date.parse("2026-03-01T12:00:00.000Z");
const hex = (header: string): string => header.slice(header.indexOf("v1=") + 3);

describe("the signature of a webhook", () => {
	it("is the HMAC-SHA256 of its time and its bytes", () => {
		const seconds = NOW / 1000;
		const expected = createHmac("sha256", SECRET).update(`${seconds}.${RAW}`).digest("hex");
		expect(sign(SECRET, RAW, NOW)).toBe(`t=${seconds},v1=${expected}`);
	});

	it("vouches for what was signed, whatever it is", () => {
		fc.assert(
			fc.property(fc.string({ unit: "binary" }), fc.string({ minLength: 1 }), (raw, secret) => {
				expect(isSigned(secret, raw, sign(secret, raw, NOW), NOW)).toBe(true);
				expect(isSigned(secret, `${raw} `, sign(secret, raw, NOW), NOW)).toBe(false);
			})
		);
	});

	it("holds for five minutes, either way", () => {
		const header = sign(SECRET, RAW, NOW);
		for (const [offset, holds] of [
			[300_000, true],
			[-300_000, true],
			[301_000, false],
			[-301_000, false]
		] as const)
			expect(isSigned(SECRET, RAW, header, NOW + offset)).toBe(holds);
	});

	it("may stand beside others, as while a secret is changed", () => {
		const header = `t=${NOW / 1000},v1=${hex(sign("an older secret", RAW, NOW))}, v1=${hex(sign(SECRET, RAW, NOW))}`;
		expect(isSigned(SECRET, RAW, header, NOW)).toBe(true);
	});

	it.each([
		["another secret's", sign("another secret", RAW, NOW)],
		["none", ""],
		["a time without a signature", `t=${NOW / 1000}`],
		["a signature without a time", `v1=${hex(sign(SECRET, RAW, NOW))}`],
		["another time", `t=${NOW / 1000 + 1},v1=${hex(sign(SECRET, RAW, NOW))}`],
		["a time that is no number", `t=now,v1=${hex(sign(SECRET, RAW, NOW))}`],
		["a name without a value", `t=${NOW / 1000},v1`],
		["a signature cut short", sign(SECRET, RAW, NOW).slice(0, -2)],
		["a signature of no hex", `t=${NOW / 1000},v1=${"z".repeat(64)}`],
		["an older scheme's", sign(SECRET, RAW, NOW).replace("v1=", "v0=")]
	])("does not hold when it is %s", (_, header) => {
		expect(isSigned(SECRET, RAW, header, NOW)).toBe(false);
	});
});
