import type { Handler } from "../../../broker/service.ts";
import { assertMayManage, assertVersion } from "../guards.ts";
import { preferring } from "../user.ts";
import type { UsersService } from "../users.service.ts";
import { findWithPreferences, replacePreferences } from "../users.store.ts";

/** Changes how a user wishes to be written to. */
export const setPreferences: Handler<"users.setPreferences", UsersService> = async function (ctx) {
	const { id, ...changes } = ctx.params;
	ctx.assertOwner(id);
	return this.store.transact(ctx, async unit => {
		const { user, preferences } = await findWithPreferences(unit, id);
		assertMayManage(ctx, user);
		assertVersion(ctx, user);
		const next = preferring(preferences, changes);
		if (JSON.stringify(next) !== JSON.stringify(preferences)) await replacePreferences(unit, user, next);
		return next;
	});
};
