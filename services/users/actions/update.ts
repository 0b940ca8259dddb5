import { Forbidden } from "../../../broker/errors.ts";
import type { Handler } from "../../../broker/service.ts";
import { assertMayManage, assertVersion } from "../guards.ts";
import { changed } from "../user.ts";
import type { UsersService } from "../users.service.ts";
import { find, replace } from "../users.store.ts";

/** Changes a user. What is as it was is no change: it makes no version and no event. */
export const update: Handler<"users.update", UsersService> = async function (ctx) {
	const { id, ...changes } = ctx.params;
	ctx.assertOwner(id);
	return this.store.transact(ctx, async unit => {
		const { user } = await find(unit, id);
		assertMayManage(ctx, user);
		assertVersion(ctx, user);
		const next = changed(user, changes, unit.now);
		if (!next) return user;
		if (`${next.roles}` !== `${user.roles}` && !ctx.is("admin")) throw new Forbidden("users.update");
		await replace(unit, next);
		this.rows.forget(unit, id);
		return next;
	});
};
