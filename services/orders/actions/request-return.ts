import { runtimeOf } from "../../../broker/runtime.ts";
import type { Handler } from "../../../broker/service.ts";
import type { OrdersService } from "../orders.service.ts";
import { find } from "../orders.store.ts";
import { assertReturnable, linesOf } from "../return.ts";
import { deliveredAt, openReturn, returnsOf } from "../returns.store.ts";

/** Asks for goods to be taken back. Whoever inspects them decides (decision 18). */
export const requestReturn: Handler<"orders.requestReturn", OrdersService> = function (ctx) {
	const { id, items, reason } = ctx.params;
	const { ORDER_RETURN_DAYS: days } = runtimeOf(this.broker).env;
	return this.store.transact(ctx, async unit => {
		const order = await find(unit, id);
		ctx.assertOwner(order.userId);
		assertReturnable(order, await deliveredAt(unit, id), { days, now: unit.now });
		return openReturn(unit, order, { ...linesOf(order, await returnsOf(unit, id), items), reason });
	});
};
