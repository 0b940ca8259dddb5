import type { Handler } from "../../../broker/service.ts";
import type { OrdersService } from "../orders.service.ts";
import { isGivenUp } from "../return.ts";
import { changeReturn, findReturn } from "../returns.store.ts";

/** Gives a return up, once: whoever asks again is answered with what there is. */
export const cancelReturn: Handler<"orders.cancelReturn", OrdersService> = function (ctx) {
	const { id } = ctx.params;
	return this.store.transact(ctx, async unit => {
		const before = await findReturn(unit, id);
		ctx.assertOwner(before.userId);
		if (!isGivenUp(before)) return before;
		const isTheirs = ctx.identity.kind === "user" && ctx.identity.userId === before.userId;
		return (await changeReturn(unit, id, "refused", isTheirs ? "CUSTOMER" : "STAFF"))!;
	});
};
