import type { Handler } from "../../../broker/service.ts";
import { granted, hashOf, newRefreshToken } from "../grant.ts";
import { judge } from "../session.ts";
import { findShown, reissue, revoke, rotate } from "../sessions.store.ts";
import { RefreshTokenInvalid, RefreshTokenReused } from "../users.errors.ts";
import type { UsersService } from "../users.service.ts";

/** Trades a refresh token for new tokens, with the roles the user has now. */
export const refresh: Handler<"users.refresh", UsersService> = async function (ctx) {
	const hash = hashOf(ctx.params.refreshToken);
	const successor = newRefreshToken();
	const user = await this.store.transact(ctx, async unit => {
		const shown = await findShown(unit, hash);
		const verdict = shown ? judge(shown.token, shown.family, unit.now) : "invalid";
		if (!shown || verdict === "invalid") throw new RefreshTokenInvalid();
		if (verdict === "reused") {
			await revoke(unit, shown.family.id);
			return undefined;
		}
		if (verdict === "rotate") await rotate(unit, shown, successor.hash);
		else reissue(unit, shown, successor.hash);
		return shown.user;
	});
	// Not thrown in the unit: the revocation would be rolled back with it.
	if (!user) throw new RefreshTokenReused();
	return granted(this.keys, user, successor.token);
};
