import type { Handler } from "../../../broker/service.ts";
import { assertExpected } from "../guards.ts";
import type { NotificationsService } from "../notifications.service.ts";
import { find, markRemoved } from "../notifications.store.ts";

/** Removes a message. */
export const remove: Handler<"notifications.remove", NotificationsService> = function (ctx) {
	return this.store.transact(ctx, async unit => {
		const row = await find(unit, ctx.params.id);
		ctx.assertOwner(row.user_id);
		assertExpected(row, ctx.ifMatch);
		await markRemoved(unit, row.id);
		return null;
	});
};
