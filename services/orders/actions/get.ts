import type { Handler } from "../../../broker/service.ts";
import { replay } from "../order.ts";
import { OrderNotFound } from "../orders.errors.ts";
import type { OrdersService } from "../orders.service.ts";
import { factsOf, find } from "../orders.store.ts";

/** One order; with `at`, as its facts make it up to that time. */
export const get: Handler<"orders.get", OrdersService> = async function (ctx) {
	const { id, at } = ctx.params;
	const order = await find(this.store, id);
	ctx.assertOwner(order.userId);
	if (at === undefined) return order;
	const then = replay(id, await factsOf(this.store, id), at);
	if (!then) throw new OrderNotFound(id);
	return then;
};
