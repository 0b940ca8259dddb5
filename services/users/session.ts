/** How long a refresh token is good for, and for how long a used one may come once more. */
export const REFRESH_TOKEN_MS = 30 * 24 * 60 * 60 * 1_000;
export const GRACE_MS = 10_000;

/**
 * What one login became: the family of its refresh tokens. Every rotation is a generation; the family knows which token it
 * was that was used last, and that is all it takes to tell whether another comes in turn. Times are ISO text.
 */
export interface Family {
	readonly usedGeneration: number;
	readonly usedHash?: string | undefined;
	readonly usedAt?: string | undefined;
	readonly revokedAt?: string | undefined;
}

export interface RefreshToken {
	readonly hash: string;
	readonly generation: number;
	readonly expiresAt: string;
}

/**
 * What to do with a refresh token that is shown: `rotate` it; answer `again` with one more successor; refuse it as
 * `invalid`; or, when it is `reused`, revoke the family, because two hold what only one should.
 *
 * `again` is there for the crash between the commit of a rotation and its answer: the client has only the token it sent, and
 * must not be locked out for sending it once more. It is granted shortly after, and only while no successor was used: a
 * successor in use proves that the answer arrived, and then the second sender is someone else. When two successors are
 * out, the first that is used wins and the other counts as reused.
 */
export function judge(token: RefreshToken, family: Family, now: string): "rotate" | "again" | "reused" | "invalid" {
	if (family.revokedAt !== undefined || token.expiresAt <= now) return "invalid";
	if (token.generation === family.usedGeneration + 1) return "rotate";
	const last = token.generation === family.usedGeneration && token.hash === family.usedHash;
	const graceEnds = Date.parse(family.usedAt ?? now) + GRACE_MS;
	return last && Date.parse(now) <= graceEnds ? "again" : "reused";
}
