import type { z } from "zod";
import type { Ctx } from "../../../broker/context.ts";
import { runtimeOf } from "../../../broker/runtime.ts";
import type { Handler } from "../../../broker/service.ts";
import { codeOf, ValidationFailed } from "../../../broker/errors.ts";
import { holdsOf } from "../hold.ts";
import { carriedOf, excessOf, priced } from "../order.ts";
import type { Order, PlaceOrder } from "../orders.contract.ts";
import { ProductNotFound, UserNotFound } from "../orders.errors.ts";
import type { OrdersService } from "../orders.service.ts";
import { create } from "../orders.store.ts";
import { begun } from "../sagas/begun.ts";
import { hold } from "../sagas/held.ts";

/** Accepts an order: what is answered is durable, and so is the start of its steps. */
export const place: Handler<"orders.place", OrdersService> = async function (ctx) {
	return accept(this, ctx).catch(async (reason: Error) => {
		// A repeat is answered as the first time, also when the product is not sold any more.
		const earlier = await this.store.recall<Order>(ctx);
		if (!earlier) throw reason;
		return earlier;
	});
};

async function accept(orders: OrdersService, ctx: Ctx<z.output<typeof PlaceOrder>>): Promise<Order> {
	const userId = ctx.userId();
	const { items: wanted, payment, shippingAddress, flow: asked } = ctx.params;
	const { ORDER_FLOW, ORDER_REVIEW_ABOVE } = runtimeOf(orders.broker).env;
	const flow = asked ?? ORDER_FLOW;
	const [lines, ships] = await Promise.all([
		quote(ctx, wanted),
		canBeShipped(orders, ctx, shippingAddress),
		assertUser(ctx, userId)
	]);
	const heldFor = holdsOf(lines.total, { above: ORDER_REVIEW_ABOVE, ships });
	const carry = (order: Order) => carriedOf(order, payment.token);
	return orders.store.transact(ctx, async unit => {
		const placed = { userId, flow, ...lines, shippingAddress };
		if (heldFor.length > 0) return hold(orders, unit, await create(unit, placed), heldFor, payment.token);
		const created = await create(unit, placed, flow === "choreographed" ? carry : undefined);
		await begun(orders, unit, flow, carry(created));
		return created;
	});
}

/** Whether a carrier goes there. Where an order would not be held for that, its own steps find out. */
async function canBeShipped(orders: OrdersService, ctx: Ctx, address: Order["shippingAddress"]): Promise<boolean> {
	if (!address || !runtimeOf(orders.broker).env.ORDER_HOLD_ADDRESS) return true;
	return (await ctx.call("shipping.check", { address })).ships;
}

async function quote(ctx: Ctx, wanted: { productId: number; quantity: number }[]) {
	const ids = [...new Set(wanted.map(({ productId }) => productId))];
	const { items: products } = await ctx.call("products.resolve", { ids });
	const catalogue = new Map(products.map(product => [product.id, product]));
	const missing = wanted.findIndex(({ productId }) => !catalogue.has(productId));
	if (missing >= 0) throw new ProductNotFound(wanted[missing]!.productId, missing);
	const lines = priced(wanted, catalogue);
	const excess = excessOf(wanted, lines);
	if (excess.length > 0) throw new ValidationFailed(excess);
	return { ...lines, currency: products[0]!.currency };
}

async function assertUser(ctx: Ctx, userId: number): Promise<void> {
	try {
		await ctx.call("users.contact", { id: userId });
	} catch (error) {
		throw codeOf(error) === "USER_NOT_FOUND" ? new UserNotFound(userId) : error;
	}
}
