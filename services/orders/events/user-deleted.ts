import type { EventHandler } from "../../../broker/service.ts";
import type { OrdersService } from "../orders.service.ts";
import { eraseUser } from "../orders.store.ts";
import { eraseReturns } from "../returns.store.ts";
import { giveUp } from "../sagas/held.ts";

/** A user's account was removed: what names them goes with it, at once or as soon as it is not needed any more. What is held is given up. */
export const onUserDeleted: EventHandler<"user.deleted", OrdersService> = async function (event, ctx) {
	const { userId } = event.data;
	await ctx.once(async unit => {
		for (const order of await eraseUser(unit, userId)) await giveUp(this, unit, order, "ACCOUNT_REMOVED");
		await eraseReturns(unit, userId);
	});
};
