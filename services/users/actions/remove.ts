import type { Handler } from "../../../broker/service.ts";
import { assertMayManage, assertVersion } from "../guards.ts";
import { revokeAll } from "../sessions.store.ts";
import type { UsersService } from "../users.service.ts";
import { erase, find, wasRemoved } from "../users.store.ts";

/** Removes an account. Asked for again, it is done already. */
export const remove: Handler<"users.remove", UsersService> = async function (ctx) {
	const { id } = ctx.params;
	ctx.assertOwner(id);
	return this.store.transact(ctx, async unit => {
		if (await wasRemoved(unit, id)) return null;
		const { user } = await find(unit, id);
		assertMayManage(ctx, user);
		assertVersion(ctx, user);
		await erase(unit, user);
		this.rows.forget(unit, id);
		await revokeAll(unit, id);
		return null;
	});
};
