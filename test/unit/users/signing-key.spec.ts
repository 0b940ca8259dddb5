import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { calculateJwkThumbprint, exportJWK, generateKeyPair, type JWK } from "jose";
import { signAccessToken, verifyAccessToken } from "../../../broker/tokens.ts";
import { openKeys } from "../../../services/users/signing-key.ts";

let DATA_DIR: string;
beforeEach(() => {
	DATA_DIR = mkdtempSync(join(tmpdir(), "souk-keys-"));
});
afterEach(() => rmSync(DATA_DIR, { recursive: true, force: true }));

const file = () => join(DATA_DIR, "keys", "jwt.json");
const modeOf = (path: string) => (statSync(path).mode & 0o777).toString(8);

async function aKey(): Promise<JWK> {
	const { privateKey } = await generateKeyPair("EdDSA", { crv: "Ed25519", extractable: true });
	return exportJWK(privateKey);
}
const fromEnv = (value: unknown) =>
	openKeys({ DATA_DIR, JWT_PRIVATE_KEY: typeof value === "string" ? value : JSON.stringify(value) });

describe("without a key in the environment", () => {
	// checklist: 239
	it("one is made on the first start, for the owner's eyes only, and found on the next", async () => {
		const first = await openKeys({ DATA_DIR, JWT_PRIVATE_KEY: undefined });
		expect(modeOf(file())).toBe("600");
		expect(modeOf(join(DATA_DIR, "keys"))).toBe("700");
		expect(readdirSync(join(DATA_DIR, "keys"))).toEqual(["jwt.json"]);
		const second = await openKeys({ DATA_DIR, JWT_PRIVATE_KEY: undefined });
		expect(second.published).toEqual(first.published);
		const token = await signAccessToken({ userId: 7, roles: ["customer"] }, first.signing);
		expect(await verifyAccessToken(token, second.find)).toMatchObject({ userId: 7 });
	});

	it("what a kill left half written is not taken for a key", async () => {
		mkdirSync(join(DATA_DIR, "keys"));
		writeFileSync(`${file()}.new`, '{"kty":"OKP","crv":"Ed', { mode: 0o644 });
		await openKeys({ DATA_DIR, JWT_PRIVATE_KEY: undefined });
		expect(modeOf(file())).toBe("600");
		expect(readdirSync(join(DATA_DIR, "keys"))).toEqual(["jwt.json"]);
		expect(JSON.parse(readFileSync(file(), "utf8"))).toMatchObject({ kty: "OKP", crv: "Ed25519" });
	});

	it("a key that others could read is closed to them", async () => {
		await openKeys({ DATA_DIR, JWT_PRIVATE_KEY: undefined });
		chmodSync(file(), 0o644);
		await openKeys({ DATA_DIR, JWT_PRIVATE_KEY: undefined });
		expect(modeOf(file())).toBe("600");
	});

	it("a file that is no key is named, and not replaced", async () => {
		mkdirSync(join(DATA_DIR, "keys"));
		writeFileSync(file(), "not a key");
		await expect(openKeys({ DATA_DIR, JWT_PRIVATE_KEY: undefined })).rejects.toThrow(/jwt\.json is not a private/);
		expect(readFileSync(file(), "utf8")).toBe("not a key");
	});

	it("a folder that cannot be read stops the start with its own error", async () => {
		mkdirSync(file(), { recursive: true });
		await expect(openKeys({ DATA_DIR, JWT_PRIVATE_KEY: undefined })).rejects.toMatchObject({ code: "EISDIR" });
	});
});

describe("a key from the environment", () => {
	it("signs, is named by its thumbprint, and nothing is written", async () => {
		const jwk = await aKey();
		const { signing, published } = await fromEnv(jwk);
		expect(signing.kid).toBe(await calculateJwkThumbprint(jwk));
		expect(published.map(({ kid }) => kid)).toEqual([signing.kid]);
		expect(readdirSync(DATA_DIR)).toEqual([]);
	});

	it("is published without its private half", async () => {
		const jwk = await aKey();
		const { published } = await fromEnv(jwk);
		expect(JSON.stringify(published)).not.toContain(jwk.d);
		expect(Object.keys(published[0]!).sort()).toEqual(["alg", "crv", "kid", "kty", "use", "x"]);
	});

	it("is exchanged without signing anyone out: the first of a set signs, all verify", async () => {
		const [old, next] = [await aKey(), await aKey()];
		const before = await fromEnv(old);
		const during = await fromEnv({ keys: [next, old] });
		const token = await signAccessToken({ userId: 1, roles: ["customer"] }, before.signing);
		expect(await verifyAccessToken(token, during.find)).toMatchObject({ userId: 1 });
		expect(during.signing.kid).toBe(await calculateJwkThumbprint(next));
		const after = await fromEnv(next);
		await expect(verifyAccessToken(token, after.find)).rejects.toMatchObject({ type: "INVALID_TOKEN" });
	});

	it("stops the start when it is not one, without being quoted", async () => {
		const good = await aKey();
		const { privateKey } = await generateKeyPair("ES256", { extractable: true });
		const { d, ...publicHalf } = good;
		const mixed = { ...good, x: (await aKey()).x };
		const bad = ["secret-words", "{}", "[]", "null", publicHalf, await exportJWK(privateKey), { keys: [] }, mixed];
		for (const value of bad) {
			const error = await fromEnv(value).then(
				() => undefined,
				(reason: Error) => reason
			);
			expect([value, error?.name]).toEqual([value, "ConfigurationError"]);
			expect(error!.message).toBe("JWT_PRIVATE_KEY is not a private Ed25519 key as a JWK, nor a set of them");
		}
		expect(d).toBeDefined();
	});
});

describe("a keyed digest", () => {
	it("depends on the text and on the key", async () => {
		const [one, other] = [await fromEnv(await aKey()), await fromEnv(await aKey())];
		expect(one.digest("a")).toBe(one.digest("a"));
		expect(new Set([one.digest("a"), one.digest("b"), other.digest("a")]).size).toBe(3);
	});
});
