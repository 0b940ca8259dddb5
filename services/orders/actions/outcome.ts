import type { Handler } from "../../../broker/service.ts";
import type { OrdersService } from "../orders.service.ts";
import { find } from "../orders.store.ts";
import { untilSettled } from "../orders.waiting.ts";

/** One order once it is settled. Apart from placing it, so that those who wait take no place of those who order. */
export const outcome: Handler<"orders.outcome", OrdersService> = async function (ctx) {
	const { id, waitMs } = ctx.params;
	ctx.assertOwner((await find(this.store, id)).userId);
	return untilSettled(this, id, waitMs);
};
