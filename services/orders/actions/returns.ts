import type { Handler } from "../../../broker/service.ts";
import type { OrdersService } from "../orders.service.ts";
import { find } from "../orders.store.ts";
import { findReturn, returnsPage } from "../returns.store.ts";

/** One return. */
export const getReturn: Handler<"orders.getReturn", OrdersService> = async function (ctx) {
	const found = await findReturn(this.store, ctx.params.id);
	ctx.assertOwner(found.userId);
	return found;
};

/** Newest first; a customer sees only their own. */
export const listReturns: Handler<"orders.listReturns", OrdersService> = function (ctx) {
	const { status, ...page } = ctx.params;
	return returnsPage(this.store, { status, userId: ctx.is("staff") ? undefined : ctx.userId() }, page);
};

/** The same for one order. */
export const listReturnsOfOrder: Handler<"orders.listReturnsOfOrder", OrdersService> = async function (ctx) {
	const { id: orderId, ...page } = ctx.params;
	ctx.assertOwner((await find(this.store, orderId)).userId);
	return returnsPage(this.store, { orderId }, page);
};

/** The same for one user. */
export const listReturnsOfUser: Handler<"orders.listReturnsOfUser", OrdersService> = function (ctx) {
	const { id: userId, ...page } = ctx.params;
	ctx.assertOwner(userId);
	return returnsPage(this.store, { userId }, page);
};
