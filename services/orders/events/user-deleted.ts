import type { EventHandler } from "../../../broker/service.ts";
import type { OrdersService } from "../orders.service.ts";
import { eraseUser } from "../orders.store.ts";
import { eraseReturns } from "../returns.store.ts";

/** A user's account was removed: what names them goes with it, at once or as soon as it is not needed any more. */
export const onUserDeleted: EventHandler<"user.deleted", OrdersService> = async function (event, ctx) {
	const { userId } = event.data;
	await ctx.once(async unit => {
		await eraseUser(unit, userId);
		await eraseReturns(unit, userId);
	});
};
