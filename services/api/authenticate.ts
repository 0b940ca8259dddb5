import { ANONYMOUS, type Identity } from "../../broker/context.ts";
import { Unauthenticated } from "../../broker/errors.ts";
import { verifyAccessToken, type PublicKeys } from "../../broker/tokens.ts";

/** Who sends a request with this Authorization header. A token that is not good is refused even where none is needed. */
export async function identify(authorization: string | undefined, keys: PublicKeys): Promise<Identity> {
	if (authorization === undefined) return ANONYMOUS;
	const token = tokenIn(authorization);
	if (token === undefined) throw new Unauthenticated("Invalid token");
	return verifyAccessToken(token, keys);
}

/** The token in an Authorization header. */
export const tokenIn = (authorization: string): string | undefined => /^Bearer +([^\s]+) *$/i.exec(authorization)?.[1];
