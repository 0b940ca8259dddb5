import { createHash, randomBytes } from "node:crypto";
import { ACCESS_TOKEN_SECONDS, signAccessToken } from "../../broker/tokens.ts";
import type { Keys } from "./signing-key.ts";
import type { Tokens, User } from "./users.contract.ts";

/** The form in which a refresh token is kept: it is random enough that a plain digest gives nothing away. */
export const hashOf = (refreshToken: string): string => createHash("sha256").update(refreshToken).digest("base64url");

/** A new refresh token, 256 random bits, and the form in which it is kept. */
export function newRefreshToken(): { token: string; hash: string } {
	const token = randomBytes(32).toString("base64url");
	return { token, hash: hashOf(token) };
}

/** What a login and a refresh answer. */
export async function granted(
	{ signing }: Keys,
	{ id, roles }: Pick<User, "id" | "roles">,
	refreshToken: string
): Promise<Tokens> {
	const accessToken = await signAccessToken({ userId: id, roles }, signing);
	return { accessToken, refreshToken, tokenType: "Bearer", expiresIn: ACCESS_TOKEN_SECONDS };
}
