import type { Handler } from "../../../broker/service.ts";
import type { OrdersService } from "../orders.service.ts";
import { factsOf, find, subjectOf } from "../orders.store.ts";
import { stepsOf } from "../sagas.store.ts";

/** What happened to an order, and every step that was tried for it. */
export const history: Handler<"orders.history", OrdersService> = async function (ctx) {
	const order = await find(this.store, ctx.params.id);
	ctx.assertOwner(order.userId);
	const [facts, steps] = await Promise.all([
		factsOf(this.store, order.id),
		stepsOf(this.store, { subject: subjectOf(order.id) })
	]);
	return { events: facts.map(({ version, type, at, data }) => ({ version, type, at, data: { ...data } })), steps };
};
