import { hash } from "node:crypto";
import { createLocalJWKSet, jwtVerify, SignJWT } from "jose";
import type { CryptoKey, JSONWebKeySet, JWTPayload, JWTVerifyGetKey } from "jose";
import type { Identity } from "./context.ts";
import type { Role } from "./contract.ts";
import { Unauthenticated } from "./errors.ts";
import { uuid7 } from "./ids.ts";

/** How long an access token is good for. Nothing revokes one earlier: a removed user's token runs out by itself. */
export const ACCESS_TOKEN_SECONDS = 600;
/** Clocks of two machines may differ by this much. */
const LEEWAY_SECONDS = 30;
const ALGORITHM = "EdDSA";
const TYPE = "at+jwt";
const PARTY = "souk";
/** Far longer than any token of ours, and short enough to be hashed without a thought. */
const LONGEST_TOKEN = 4_096;
/** How many verified tokens are remembered for each set of keys. */
const REMEMBERED = 5_000;

export type UserIdentity = Extract<Identity, { kind: "user" }>;
/** Finds the public key that a token names. Keep one for the life of the process: what it verified is cached with it. */
export type PublicKeys = JWTVerifyGetKey;
/** The private key that tokens are signed with, and what the set of public keys calls it. */
export interface SigningKey {
	readonly kid: string;
	readonly key: CryptoKey;
}

/** Makes an access token: a JWT of type `at+jwt`, signed with Ed25519. */
export function signAccessToken(
	{ userId, roles }: { userId: number; roles: readonly Role[] },
	{ kid, key }: SigningKey
): Promise<string> {
	const now = Math.floor(Date.now() / 1_000);
	return new SignJWT({ roles })
		.setProtectedHeader({ alg: ALGORITHM, typ: TYPE, kid })
		.setIssuer(PARTY)
		.setAudience(PARTY)
		.setSubject(String(userId))
		.setJti(uuid7())
		.setIssuedAt(now)
		.setExpirationTime(now + ACCESS_TOKEN_SECONDS)
		.sign(key);
}

/**
 * Who an access token speaks for, frozen. Verified once, then looked up until it expires. Throws Unauthenticated when the
 * token is not good; what `keys` throws because it could not be asked comes through.
 */
export async function verifyAccessToken(token: string, keys: PublicKeys): Promise<UserIdentity> {
	if (token.length > LONGEST_TOKEN) throw new Unauthenticated("Invalid token");
	const verified = verifiedBy(keys);
	const digest = hash("sha256", token, "base64url");
	const known = verified.get(digest);
	if (known) return known;
	const payload = await verify(token, keys);
	const identity = identityOf(payload);
	verified.add(digest, identity, payload.exp! * 1_000);
	return identity;
}

/** What jose says of a token that is not good, as opposed to keys that could not be had. */
const NOT_GOOD = new Set([
	"ERR_JOSE_ALG_NOT_ALLOWED",
	"ERR_JOSE_NOT_SUPPORTED",
	"ERR_JWKS_MULTIPLE_MATCHING_KEYS",
	"ERR_JWKS_NO_MATCHING_KEY",
	"ERR_JWS_INVALID",
	"ERR_JWS_SIGNATURE_VERIFICATION_FAILED",
	"ERR_JWT_CLAIM_VALIDATION_FAILED",
	"ERR_JWT_EXPIRED",
	"ERR_JWT_INVALID"
]);
const codeOf = (error: unknown): string => (error as { code?: string }).code ?? "";

async function verify(token: string, keys: PublicKeys): Promise<JWTPayload> {
	try {
		const { payload } = await jwtVerify(token, keys, {
			algorithms: [ALGORITHM],
			typ: TYPE,
			issuer: PARTY,
			audience: PARTY,
			requiredClaims: ["sub", "jti", "exp", "iat"],
			maxTokenAge: ACCESS_TOKEN_SECONDS,
			clockTolerance: LEEWAY_SECONDS,
			currentDate: new Date(Date.now())
		});
		return payload;
	} catch (error) {
		throw NOT_GOOD.has(codeOf(error)) ? new Unauthenticated("Invalid token") : error;
	}
}

const ROLES: ReadonlySet<unknown> = new Set<Role>(["customer", "staff", "admin"]);

function identityOf({ sub = "", roles }: JWTPayload): UserIdentity {
	if (!/^[1-9]\d{0,14}$/.test(sub) || !Array.isArray(roles) || !roles.every(role => ROLES.has(role)))
		throw new Unauthenticated("Invalid token");
	return Object.freeze({ kind: "user", userId: Number(sub), roles: Object.freeze([...(roles as Role[])]) });
}

/** The tokens that one set of keys has verified, the longest unused forgotten first. */
class Verified {
	readonly #tokens = new Map<string, { identity: UserIdentity; until: number }>();

	get(digest: string): UserIdentity | undefined {
		const entry = this.#tokens.get(digest);
		if (!entry) return undefined;
		this.#tokens.delete(digest);
		if (entry.until <= Date.now()) return undefined;
		this.#tokens.set(digest, entry);
		return entry.identity;
	}

	add(digest: string, identity: UserIdentity, until: number): void {
		if (this.#tokens.size >= REMEMBERED) this.#tokens.delete(this.#tokens.keys().next().value!);
		this.#tokens.set(digest, { identity, until });
	}
}

const caches = new WeakMap<PublicKeys, Verified>();

function verifiedBy(keys: PublicKeys): Verified {
	let verified = caches.get(keys);
	if (!verified) caches.set(keys, (verified = new Verified()));
	return verified;
}

/** How old a fetched set of keys grows before it is fetched again, and how soon an unknown key may ask for it again. */
const STALE_MS = 600_000;
const COOLDOWN_MS = 30_000;

/**
 * Public keys that live elsewhere: asked for when first needed, again when they are old, and when a token names a key that
 * is not among them. Once they are known, a source that does not answer stops nobody.
 */
export function publicKeysFrom(ask: () => Promise<JSONWebKeySet>): PublicKeys {
	let known: PublicKeys | undefined;
	let asking: Promise<PublicKeys> | undefined;
	let askedAt = Number.NEGATIVE_INFINITY;
	const fetch = (): Promise<PublicKeys> => {
		askedAt = Date.now();
		asking ??= ask()
			.then(set => (known = createLocalJWKSet(set)))
			.finally(() => {
				asking = undefined;
			});
		return asking;
	};
	return async (header, token) => {
		const keys = known ?? (await fetch());
		if (Date.now() - askedAt > STALE_MS) fetch().catch(() => undefined);
		try {
			return await keys(header, token);
		} catch (error) {
			if (codeOf(error) !== "ERR_JWKS_NO_MATCHING_KEY" || Date.now() - askedAt < COOLDOWN_MS) throw error;
			const fresh = await fetch().catch(() => keys);
			return await fresh(header, token);
		}
	};
}
