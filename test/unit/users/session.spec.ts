import fc from "fast-check";
import { type Family, GRACE_MS, judge, REFRESH_TOKEN_MS, type RefreshToken } from "../../../services/users/session.ts";

const at = (ms: number): string => new Date(Date.parse("2026-01-01T00:00:00.000Z") + ms).toISOString();
const token = (hash: string, generation: number): RefreshToken => ({
	hash,
	generation,
	expiresAt: at(REFRESH_TOKEN_MS)
});
const fresh: Family = { usedGeneration: 0 };
const used: Family = { usedGeneration: 1, usedHash: "a", usedAt: at(0) };

describe("a refresh token", () => {
	it("is rotated when it comes in turn", () => {
		expect(judge(token("a", 1), fresh, at(0))).toBe("rotate");
		expect(judge(token("b", 2), used, at(20_000))).toBe("rotate");
	});

	it("is answered again for ten seconds, because the first answer may have been lost with the process", () => {
		expect(judge(token("a", 1), used, at(0))).toBe("again");
		expect(judge(token("a", 1), used, at(GRACE_MS))).toBe("again");
		expect(judge(token("a", 1), used, at(GRACE_MS + 1))).toBe("reused");
	});

	it("is reused as soon as a successor was used, however soon it comes", () => {
		expect(judge(token("a", 1), { usedGeneration: 2, usedHash: "b", usedAt: at(0) }, at(1))).toBe("reused");
	});

	it("is reused when another successor of the same token was used first", () => {
		expect(judge(token("c", 2), { usedGeneration: 2, usedHash: "b", usedAt: at(0) }, at(1))).toBe("reused");
	});

	it("is invalid when it has expired or its family is revoked", () => {
		expect(judge(token("a", 1), fresh, at(REFRESH_TOKEN_MS - 1))).toBe("rotate");
		expect(judge(token("a", 1), fresh, at(REFRESH_TOKEN_MS))).toBe("invalid");
		expect(judge(token("a", 1), { ...fresh, revokedAt: at(0) }, at(1))).toBe("invalid");
	});
});

describe("any order in which the tokens of a login are shown", () => {
	const shows = fc.array(fc.record({ which: fc.nat(), after: fc.integer({ min: 0, max: 15_000 }) }), { maxLength: 40 });

	it("lets one token of each generation through, and revokes all at the first that comes out of turn", () => {
		const verdicts = { rotate: 0, again: 0, reused: 0, invalid: 0 };
		const property = fc.property(shows, list => {
			let family: Family = fresh;
			const issued = [token("0", 1)];
			const rotated = new Map<number, { hash: string; at: number }>();
			let now = 0;
			for (const { which, after } of list) {
				now += after;
				// The newest are shown most often, as by a client; the others as by a thief.
				const shown = issued[Math.max(0, issued.length - 1 - (which % 7 < 4 ? 0 : which % issued.length))]!;
				const verdict = judge(shown, family, at(now));
				verdicts[verdict]++;
				expect(verdict === "invalid").toBe(family.revokedAt !== undefined);
				if (verdict === "rotate") {
					expect(rotated.has(shown.generation)).toBe(false);
					expect(shown.generation).toBe(rotated.size + 1);
					rotated.set(shown.generation, { hash: shown.hash, at: now });
					family = { usedGeneration: shown.generation, usedHash: shown.hash, usedAt: at(now) };
				}
				if (verdict === "again") {
					const before = rotated.get(shown.generation)!;
					expect(before.hash).toBe(shown.hash);
					expect(now - before.at).toBeLessThanOrEqual(GRACE_MS);
					expect(rotated.has(shown.generation + 1)).toBe(false);
				}
				if (verdict === "rotate" || verdict === "again")
					issued.push(token(String(issued.length), shown.generation + 1));
				if (verdict === "reused") family = { ...family, revokedAt: at(now) };
			}
		});
		fc.assert(property, { numRuns: 500 });
		expect(Math.min(...Object.values(verdicts))).toBeGreaterThan(20);
	});
});
