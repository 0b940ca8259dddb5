import { createHmac } from "node:crypto";
import { calculateJwkThumbprint, createLocalJWKSet, exportJWK, generateKeyPair, importJWK } from "jose";
import type { CryptoKey } from "jose";
import { z } from "zod";
import { ConfigurationError, type Env } from "../../broker/env.ts";
import { keepKey, keyFile, readKey } from "../../broker/key-files.ts";
import type { PublicKeys, SigningKey } from "../../broker/tokens.ts";

const Part = z.string().regex(/^[A-Za-z0-9_-]{43}$/);
const PrivateJwk = z.object({ kty: z.literal("OKP"), crv: z.literal("Ed25519"), x: Part, d: Part });
type PrivateJwk = z.output<typeof PrivateJwk>;
/** One key, or several: the first signs, and tokens of the others stay good while keys are exchanged. */
const Source = z.union([
	PrivateJwk.transform(key => [key]),
	z.object({ keys: z.array(PrivateJwk).min(1) }).transform(({ keys }) => keys)
]);

/** The keys of this service. */
export interface Keys {
	readonly signing: SigningKey;
	/** All keys' public halves, as they are published. */
	readonly published: Published[];
	readonly find: PublicKeys;
	/** A keyed digest: worth nothing to one who has the store and not the key. */
	digest(text: string): string;
}
interface Published {
	kty: "OKP";
	crv: "Ed25519";
	x: string;
	kid: string;
	alg: "EdDSA";
	use: "sig";
}

/** The keys that the environment gives; otherwise, in development, those in the data folder, made when there are none. */
export async function openKeys({
	JWT_PRIVATE_KEY,
	DATA_DIR
}: Pick<Env, "JWT_PRIVATE_KEY" | "DATA_DIR">): Promise<Keys> {
	if (JWT_PRIVATE_KEY !== undefined) return keysOf("JWT_PRIVATE_KEY", JWT_PRIVATE_KEY);
	const file = keyFile(DATA_DIR, "jwt.json");
	return keysOf(file, readKey(file) ?? keepKey(file, await newKey()));
}

async function keysOf(source: string, text: string): Promise<Keys> {
	const unusable = new ConfigurationError(`${source} is not a private Ed25519 key as a JWK, nor a set of them`);
	const { data: jwks } = Source.safeParse(parsed(text));
	if (!jwks) throw unusable;
	const published = await Promise.all(jwks.map(publish));
	const find = createLocalJWKSet({ keys: published });
	try {
		// Refuses halves that do not fit each other, as of a key that was pasted together wrongly.
		const key = (await importJWK(jwks[0]!, "EdDSA")) as CryptoKey;
		const signing = { kid: published[0]!.kid, key };
		const secret = Buffer.from(jwks[0]!.d, "base64url");
		const digest = (text: string) => createHmac("sha256", secret).update(text).digest("base64url");
		return { signing, published, find, digest };
	} catch {
		throw unusable;
	}
}

async function publish({ kty, crv, x }: PrivateJwk): Promise<Published> {
	const kid = await calculateJwkThumbprint({ kty, crv, x });
	return { kty, crv, x, kid, alg: "EdDSA", use: "sig" };
}

function parsed(text: string): unknown {
	try {
		return JSON.parse(text);
	} catch {
		return undefined;
	}
}

async function newKey(): Promise<string> {
	const { privateKey } = await generateKeyPair("EdDSA", { crv: "Ed25519", extractable: true });
	return JSON.stringify(await exportJWK(privateKey));
}
