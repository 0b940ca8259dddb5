import type { Handler } from "../../../broker/service.ts";
import { assertMayManage, assertVersion } from "../guards.ts";
import { preferring } from "../user.ts";
import type { UsersService } from "../users.service.ts";
import { find, replacePreferences } from "../users.store.ts";

/** Changes how a user wishes to be written to. */
export const setPreferences: Handler<"users.setPreferences", UsersService> = async function (ctx) {
	const { id, ...changes } = ctx.params;
	ctx.assertOwner(id);
	return this.store.transact(ctx, async unit => {
		const { user, preferences } = await find(unit, id);
		assertMayManage(ctx, user);
		assertVersion(ctx, user);
		const next = preferring(preferences, changes);
		if (JSON.stringify(next) === JSON.stringify(preferences)) return next;
		await replacePreferences(unit, user, next);
		this.rows.forget(unit, id);
		return next;
	});
};
