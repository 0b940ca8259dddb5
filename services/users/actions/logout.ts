import type { Handler } from "../../../broker/service.ts";
import { hashOf } from "../grant.ts";
import { findShown, revoke, revokeAll } from "../sessions.store.ts";
import type { UsersService } from "../users.service.ts";

/** Ends one login of the caller or all. A token that is not the caller's ends nothing, and is answered the same. */
export const logout: Handler<"users.logout", UsersService> = function (ctx) {
	const userId = ctx.userId();
	const { refreshToken } = ctx.params;
	return this.store.transact(ctx, async unit => {
		if (refreshToken === undefined) {
			await revokeAll(unit, userId);
			return null;
		}
		const shown = await findShown(unit, hashOf(refreshToken));
		if (shown?.user.id === userId) await revoke(unit, shown.family.id);
		return null;
	});
};
