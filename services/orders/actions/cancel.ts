import type { Handler } from "../../../broker/service.ts";
import { beginCancelling } from "../sagas/confirmed.ts";
import { giveUp } from "../sagas/held.ts";
import { requestCancel } from "../order.ts";
import type { OrdersService } from "../orders.service.ts";
import { find, record } from "../orders.store.ts";

/** Asks for an order to be taken back. One that is still being placed is taken back when that has ended, one that is held at once. */
export const cancel: Handler<"orders.cancel", OrdersService> = async function (ctx) {
	const { id } = ctx.params;
	return this.store.transact(ctx, async unit => {
		const order = await find(unit, id);
		ctx.assertOwner(order.userId);
		const fact = requestCancel(order);
		if (!fact) return order;
		if (fact.type === "cancelled") return giveUp(this, unit, order, fact.data.reason);
		const requested = await record(unit, id, fact);
		if (order.status === "CONFIRMED") await beginCancelling(this, unit, id);
		return requested!;
	});
};
