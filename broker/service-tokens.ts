import { hash } from "node:crypto";
import { jwtVerify, SignJWT } from "jose";
import { CallerNotTrusted } from "./errors.ts";

const SECONDS = 600;
const ALGORITHM = "HS256";
const TYPE = "service+jwt";
const PARTY = "souk-services";
/** More than there are services, each with a token now and then. */
const REMEMBERED = 1_000;

/** Proves to another process which service calls: a token signed once for minutes, and verified once by who receives it. */
export class ServiceTokens {
	readonly #secret: Uint8Array;
	readonly #signed = new Map<string, { token: Promise<string>; until: number }>();
	readonly #verified = new Map<string, { service: string; until: number }>();

	constructor(secret: string) {
		this.#secret = new TextEncoder().encode(secret);
	}

	/** The token of a service, the same one for half its life. */
	of(service: string): Promise<string> {
		const known = this.#signed.get(service);
		if (known && known.until > Date.now()) return known.token;
		const token = this.#sign(service);
		this.#signed.set(service, { token, until: Date.now() + (SECONDS * 1_000) / 2 });
		return token;
	}

	/** The service that a token was made for. Throws CallerNotTrusted. */
	async verify(token: unknown): Promise<string> {
		if (typeof token !== "string" || token.length > 1_024) throw new CallerNotTrusted("no token");
		const digest = hash("sha256", token, "base64url");
		const known = this.#verified.get(digest);
		if (known && known.until > Date.now()) return known.service;
		try {
			const { payload } = await jwtVerify(token, this.#secret, {
				algorithms: [ALGORITHM],
				typ: TYPE,
				audience: PARTY,
				requiredClaims: ["sub", "exp"],
				clockTolerance: 30
			});
			if (this.#verified.size >= REMEMBERED) this.#verified.clear();
			this.#verified.set(digest, { service: payload.sub!, until: payload.exp! * 1_000 });
			return payload.sub!;
		} catch (error) {
			throw new CallerNotTrusted((error as Error).message);
		}
	}

	#sign(service: string): Promise<string> {
		const now = Math.floor(Date.now() / 1_000);
		return new SignJWT()
			.setProtectedHeader({ alg: ALGORITHM, typ: TYPE })
			.setSubject(service)
			.setAudience(PARTY)
			.setIssuedAt(now)
			.setExpirationTime(now + SECONDS)
			.sign(this.#secret);
	}
}
