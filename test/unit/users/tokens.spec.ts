import fc from "fast-check";
import {
	calculateJwkThumbprint,
	createLocalJWKSet,
	type CryptoKey,
	exportJWK,
	generateKeyPair,
	type JSONWebKeySet,
	type JWK,
	SignJWT,
	UnsecuredJWT
} from "jose";
import { publicKeysFrom, type PublicKeys, signAccessToken, verifyAccessToken } from "../../../broker/tokens.ts";

interface Pair {
	kid: string;
	key: CryptoKey;
	jwk: JWK;
}
async function pair(): Promise<Pair> {
	const { privateKey, publicKey } = await generateKeyPair("EdDSA", { crv: "Ed25519" });
	const jwk = await exportJWK(publicKey);
	const kid = await calculateJwkThumbprint(jwk);
	return { kid, key: privateKey, jwk: { ...jwk, kid, alg: "EdDSA", use: "sig" } };
}

let ours: Pair;
let keys: PublicKeys;
let asked: number;
let now: number;

beforeAll(async () => {
	ours = await pair();
});
beforeEach(() => {
	now = Date.parse("2026-01-01T00:00:00.000Z");
	jest.spyOn(Date, "now").mockImplementation(() => now);
	const local = createLocalJWKSet({ keys: [ours.jwk] });
	asked = 0;
	keys = (header, token) => {
		asked++;
		return local(header, token);
	};
});
afterEach(() => jest.restoreAllMocks());

const alice = { userId: 1, roles: ["customer"] as const };
const refused = { code: 401, type: "INVALID_TOKEN", message: "Invalid token" };
const seconds = () => Math.floor(now / 1_000);

/** A token like ours except for what is said. */
function forged(
	claims: Record<string, unknown> = {},
	{ header = {}, key = ours.key as CryptoKey | Uint8Array }: { header?: object; key?: CryptoKey | Uint8Array } = {}
): Promise<string> {
	const ordinary = { roles: ["customer"], iss: "souk", aud: "souk", sub: "1", jti: "j", iat: seconds() };
	return new SignJWT({ ...ordinary, exp: seconds() + 600, ...claims })
		.setProtectedHeader({ alg: "EdDSA", typ: "at+jwt", kid: ours.kid, ...header })
		.sign(key);
}

describe("an access token", () => {
	// checklist: 73
	it("says who it is for, frozen", async () => {
		const identity = await verifyAccessToken(
			await signAccessToken({ userId: 12, roles: ["staff", "admin"] }, ours),
			keys
		);
		expect(identity).toEqual({ kind: "user", userId: 12, roles: ["staff", "admin"] });
		expect(Object.isFrozen(identity) && Object.isFrozen(identity.roles)).toBe(true);
	});

	it("is good for ten minutes and half a minute of clock skew", async () => {
		const token = await signAccessToken(alice, ours);
		now += 600_000 + 29_000;
		expect(await verifyAccessToken(token, keys)).toMatchObject(alice);
		now += 1_000;
		await expect(verifyAccessToken(token, keys)).rejects.toMatchObject(refused);
	});

	it("may be from a clock that is a little ahead", async () => {
		const token = await signAccessToken(alice, ours);
		now -= 30_000;
		expect(await verifyAccessToken(token, keys)).toMatchObject(alice);
	});

	it("is good when forged exactly like ours: what follows is refused for what it says differs", async () => {
		expect(await verifyAccessToken(await forged(), keys)).toMatchObject(alice);
	});
});

describe("refused is a token", () => {
	it.each<[string, () => string | Promise<string>]>([
		["of no algorithm", () => new UnsecuredJWT({ roles: ["admin"], sub: "1" }).setAudience("souk").encode()],
		[
			"of no algorithm under our header",
			async () => {
				const [, payload] = (await forged()).split(".");
				const header = Buffer.from(JSON.stringify({ alg: "none", typ: "at+jwt", kid: ours.kid })).toString("base64url");
				return `${header}.${payload}.`;
			}
		],
		[
			"signed with our public key as if it were a shared secret",
			() => forged({}, { header: { alg: "HS256" }, key: Buffer.from(ours.jwk.x!, "base64url") })
		],
		["of another algorithm's name", () => forged({}, { header: { alg: "Ed25519" } })],
		["of a key that is not known", async () => signAccessToken(alice, await pair())],
		["of ours under a name that is not known", () => forged({}, { header: { kid: "unknown" } })],
		["of another key under our name", async () => forged({}, { key: (await pair()).key })],
		[
			"that brings its own key",
			async () => {
				const { jwk, key } = await pair();
				return forged({}, { header: { jwk, kid: undefined }, key });
			}
		],
		["of another type", () => forged({}, { header: { typ: "JWT" } })],
		["of no type", () => forged({}, { header: { typ: undefined } })],
		["from another issuer", () => forged({ iss: "bazaar" })],
		["for another audience", () => forged({ aud: "bazaar" })],
		["without an audience", () => forged({ aud: undefined })],
		["that has expired", () => forged({ iat: seconds() - 590, exp: seconds() - 31 })],
		["that never expires", () => forged({ exp: undefined })],
		["that is older than any we make", () => forged({ iat: seconds() - 631, exp: seconds() + 600 })],
		["from the future", () => forged({ iat: seconds() + 31 })],
		["that is not good yet", () => forged({ nbf: seconds() + 31 })],
		["without a name of its own", () => forged({ jti: undefined })],
		["for nobody", () => forged({ sub: undefined })],
		["for a subject that is no user", () => forged({ sub: "orders" })],
		["for user 0", () => forged({ sub: "0" })],
		["for a user that no number can name", () => forged({ sub: "9".repeat(17) })],
		["without roles", () => forged({ roles: undefined })],
		["with a role we do not know", () => forged({ roles: ["customer", "root"] })],
		["with one role in place of a list", () => forged({ roles: "admin" })],
		[
			"with a part changed",
			async () => (await forged()).replace(/\.(.)/, (_, first) => `.${first === "e" ? "f" : "e"}`)
		],
		["with a part missing", async () => (await forged()).split(".").slice(0, 2).join(".")],
		["of more than 4 KiB", () => forged({ name: "x".repeat(4_096) })],
		["that is empty", () => ""]
	])("%s", async (_, make) => {
		await expect(verifyAccessToken(await make(), keys)).rejects.toMatchObject(refused);
	});

	it("of another algorithm, even where whoever finds the keys would take it", async () => {
		const secret = Buffer.from(ours.jwk.x!, "base64url");
		const shared: PublicKeys = () => Promise.resolve(secret);
		const hs256 = await forged({}, { header: { alg: "HS256" }, key: secret });
		await expect(verifyAccessToken(hs256, shared)).rejects.toMatchObject(refused);
		const { alg, ...anyAlgorithm } = ours.jwk;
		expect(alg).toBe("EdDSA");
		const ed25519 = await forged({}, { header: { alg: "Ed25519" } });
		await expect(verifyAccessToken(ed25519, createLocalJWKSet({ keys: [anyAlgorithm] }))).rejects.toMatchObject(
			refused
		);
	});

	it("that is any text at all", async () => {
		const text = fc.oneof(
			fc.string(),
			fc.array(fc.base64String(), { minLength: 3, maxLength: 3 }).map(p => p.join("."))
		);
		await fc.assert(
			fc.asyncProperty(text, async token => {
				await expect(verifyAccessToken(token, keys)).rejects.toMatchObject(refused);
			})
		);
	});
});

describe("a verified token", () => {
	it("is verified once and then looked up until it expires", async () => {
		const token = await signAccessToken(alice, ours);
		const first = await verifyAccessToken(token, keys);
		now += 599_000;
		expect(await verifyAccessToken(token, keys)).toBe(first);
		expect(asked).toBe(1);
		now += 1_000;
		expect(await verifyAccessToken(token, keys)).not.toBe(first);
		expect(asked).toBe(2);
	});

	it("is good for the keys that verified it and no others", async () => {
		const token = await signAccessToken(alice, ours);
		await verifyAccessToken(token, keys);
		const others = createLocalJWKSet({ keys: [(await pair()).jwk] });
		await expect(verifyAccessToken(token, others)).rejects.toMatchObject(refused);
	});

	it("is forgotten when it is the longest unused of too many", async () => {
		const [kept, dropped] = [await signAccessToken(alice, ours), await signAccessToken(alice, ours)];
		await verifyAccessToken(kept, keys);
		await verifyAccessToken(dropped, keys);
		for (let other = 2; other < 5_000; other++) await verifyAccessToken(await signAccessToken(alice, ours), keys);
		await verifyAccessToken(kept, keys);
		expect(asked).toBe(5_000);
		await verifyAccessToken(await signAccessToken(alice, ours), keys);
		await verifyAccessToken(kept, keys);
		expect(asked).toBe(5_001);
		await verifyAccessToken(dropped, keys);
		expect(asked).toBe(5_002);
	});
});

describe("keys that live elsewhere", () => {
	let source: jest.Mock<Promise<JSONWebKeySet>, []>;
	let found: PublicKeys;
	beforeEach(() => {
		source = jest.fn(() => Promise.resolve({ keys: [ours.jwk] }));
		found = publicKeysFrom(source);
	});

	it("are asked for once, however many need them", async () => {
		const tokens = await Promise.all(Array.from({ length: 20 }, () => signAccessToken(alice, ours)));
		await Promise.all(tokens.map(token => verifyAccessToken(token, found)));
		expect(source).toHaveBeenCalledTimes(1);
	});

	it("that cannot be had are a fault and no refusal, and are asked for again", async () => {
		const token = await signAccessToken(alice, ours);
		source.mockRejectedValueOnce(Object.assign(new Error("users is not available"), { code: 404, retryable: true }));
		await expect(verifyAccessToken(token, found)).rejects.toThrow("users is not available");
		expect(await verifyAccessToken(token, found)).toMatchObject(alice);
	});

	it("that make no sense are a fault and no refusal", async () => {
		source.mockResolvedValueOnce({} as JSONWebKeySet);
		await expect(verifyAccessToken(await signAccessToken(alice, ours), found)).rejects.toMatchObject({
			code: "ERR_JWKS_INVALID"
		});
	});

	it("are asked for again when a token names one that is new", async () => {
		const next = await pair();
		await verifyAccessToken(await signAccessToken(alice, ours), found);
		source.mockResolvedValue({ keys: [next.jwk, ours.jwk] });
		now += 30_000;
		expect(await verifyAccessToken(await signAccessToken(alice, next), found)).toMatchObject(alice);
		expect(source).toHaveBeenCalledTimes(2);
	});

	it("are not asked for by every token that names an unknown one", async () => {
		const stranger = await signAccessToken(alice, await pair());
		await verifyAccessToken(await signAccessToken(alice, ours), found);
		for (let time = 0; time < 5; time++)
			await expect(verifyAccessToken(stranger, found)).rejects.toMatchObject(refused);
		expect(source).toHaveBeenCalledTimes(1);
		now += 30_000;
		for (let time = 0; time < 5; time++)
			await expect(verifyAccessToken(stranger, found)).rejects.toMatchObject(refused);
		expect(source).toHaveBeenCalledTimes(2);
	});

	it("stay known when their source is gone", async () => {
		await verifyAccessToken(await signAccessToken(alice, ours), found);
		source.mockRejectedValue(new Error("users is not available"));
		for (let hour = 0; hour < 3; hour++) {
			now += 3_600_000;
			expect(await verifyAccessToken(await signAccessToken(alice, ours), found)).toMatchObject(alice);
			await expect(verifyAccessToken(await signAccessToken(alice, await pair()), found)).rejects.toMatchObject(refused);
		}
	});

	it("that are new wait for their source to come back", async () => {
		const next = await pair();
		await verifyAccessToken(await signAccessToken(alice, ours), found);
		source.mockRejectedValueOnce(new Error("users is not available"));
		source.mockResolvedValue({ keys: [next.jwk, ours.jwk] });
		now += 30_000;
		const token = await signAccessToken(alice, next);
		await expect(verifyAccessToken(token, found)).rejects.toMatchObject(refused);
		now += 30_000;
		expect(await verifyAccessToken(token, found)).toMatchObject(alice);
	});

	it("are forgotten ten minutes after they were withdrawn, by the second token that comes", async () => {
		const next = await pair();
		await verifyAccessToken(await signAccessToken(alice, ours), found);
		source.mockResolvedValue({ keys: [next.jwk] });
		now += 600_001;
		await verifyAccessToken(await signAccessToken(alice, ours), found);
		await expect(verifyAccessToken(await signAccessToken(alice, ours), found)).rejects.toMatchObject(refused);
	});
});
