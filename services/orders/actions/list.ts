import type { Handler } from "../../../broker/service.ts";
import type { OrdersService } from "../orders.service.ts";
import { orderOf, type OrderRow } from "../orders.store.ts";

/** Newest first; a customer sees only their own. */
export const list: Handler<"orders.list", OrdersService> = async function (ctx) {
	const { status, ...page } = ctx.params;
	const where = { ...(status && { status }), ...(!ctx.is("staff") && { user_id: ctx.userId() }) };
	const { items, next } = await this.page<OrderRow>({ where, ...page });
	return { items: items.map(orderOf), next };
};

/** The same for one user's orders. */
export const listOfUser: Handler<"orders.listOfUser", OrdersService> = async function (ctx) {
	const { id, ...page } = ctx.params;
	ctx.assertOwner(id);
	const { items, next } = await this.page<OrderRow>({ where: { user_id: id }, ...page });
	return { items: items.map(orderOf), next };
};
