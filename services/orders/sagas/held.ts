import { runtimeOf } from "../../../broker/runtime.ts";
import type { Unit } from "../../../broker/sql/store.ts";
import { heldWithout } from "../hold.ts";
import { keepToken, takeToken } from "../holds.store.ts";
import { carriedOf } from "../order.ts";
import type { Hold, Order } from "../orders.contract.ts";
import type { OrdersService } from "../orders.service.ts";
import { record, subjectOf } from "../orders.store.ts";
import { begun } from "./begun.ts";

const DAY = 24 * 60 * 60 * 1_000;
/** What the timer of a held order is called. */
const TIMER = "hold";

/** Holds a new order until a person has seen to it, or its time is over. Nothing is reserved or paid meanwhile. */
export async function hold(
	orders: OrdersService,
	unit: Unit,
	{ id }: Order,
	heldFor: Hold[],
	paymentToken: string
): Promise<Order> {
	const days = runtimeOf(orders.broker).env.ORDER_HOLD_DAYS;
	const heldUntil = new Date(Date.parse(unit.now) + days * DAY).toISOString();
	await keepToken(unit, id, paymentToken);
	await orders.timers.set(unit, { kind: TIMER, subject: subjectOf(id), at: heldUntil, data: { orderId: id } });
	return (await record(unit, id, { type: "held", data: { heldFor, heldUntil } }))!;
}

/** Lets go of an order that is held for this. When nothing else holds it, its steps begin as if it had just been placed. */
export async function releaseFrom(orders: OrdersService, unit: Unit, order: Order, from: Hold): Promise<Order> {
	const { id, flow } = order;
	const fact = { type: "released", data: { from } } as const;
	if (heldWithout(order, from).length > 0) return (await record(unit, id, fact))!;
	const carried = carriedOf(order, await letGo(orders, unit, id));
	const released = await record(unit, id, fact, flow === "choreographed" ? carried : undefined);
	await begun(orders, unit, flow, carried);
	return released!;
}

/** Cancels an order that is held: there is nothing to undo. */
export async function giveUp(orders: OrdersService, unit: Unit, { id }: Order, reason: string): Promise<Order> {
	await letGo(orders, unit, id);
	return (await record(unit, id, { type: "cancelled", data: { reason } }))!;
}

/** Whatever becomes of the order: it waits no more, and what pays for it is kept here no longer. */
async function letGo(orders: OrdersService, unit: Unit, id: number): Promise<string> {
	await orders.timers.cancel(unit, TIMER, subjectOf(id));
	return takeToken(unit, id);
}
