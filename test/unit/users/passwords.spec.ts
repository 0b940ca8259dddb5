import { hash } from "@node-rs/argon2";
import { hashPassword, isOutdated, passwordFits } from "../../../services/users/passwords.ts";

describe("a password", () => {
	it("is kept as argon2id with 19 MiB, two passes, one lane and a salt of its own", async () => {
		const [one, other] = await Promise.all([hashPassword("souk-demo"), hashPassword("souk-demo")]);
		expect(one).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/);
		expect(one).not.toBe(other);
		expect(isOutdated(one)).toBe(false);
	});

	it("fits its hash and no other does", async () => {
		const stored = await hashPassword("correct horse");
		expect(await passwordFits(stored, "correct horse")).toBe(true);
		expect(await passwordFits(stored, "correct horse ")).toBe(false);
		expect(await passwordFits(stored, "Correct horse")).toBe(false);
	});

	it("is the same however a keyboard composes its letters", async () => {
		const stored = await hashPassword("caf\u00e9-au-lait");
		expect(await passwordFits(stored, "cafe\u0301-au-lait")).toBe(true);
	});

	it("never fits where there is no account", async () => {
		expect(await passwordFits(undefined, "")).toBe(false);
		expect(await passwordFits(undefined, "souk-demo")).toBe(false);
	});

	it("is hashed beside the event loop, which turns meanwhile", async () => {
		let hashed = false;
		const hashing = hashPassword("souk-demo").then(() => {
			hashed = true;
		});
		for (let turn = 0; turn < 3; turn++) await new Promise(resolve => setImmediate(resolve));
		expect(hashed).toBe(false);
		await hashing;
	});

	it("is known to have been hashed at another cost", async () => {
		expect(isOutdated(await hash("x", { memoryCost: 8_192, timeCost: 2, parallelism: 1 }))).toBe(true);
	});
});
