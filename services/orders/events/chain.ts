import { runtimeOf } from "../../../broker/runtime.ts";
import { watched } from "../../../broker/saga/log.ts";
import type { EventCtx, EventHandler } from "../../../broker/service.ts";
import { cancelled } from "../sagas/cancelled.ts";
import { confirmed } from "../sagas/confirmed.ts";
import type { CarriedOrder } from "../orders.contract.ts";
import type { OrdersService } from "../orders.service.ts";
import { subjectOf } from "../orders.store.ts";

/** A link of a choreographed order's chain that others act on: it is noted, and the watch begins anew. */
export const onProgress: EventHandler<
	| "inventory.reserved"
	| "inventory.committed"
	| "inventory.commit_failed"
	| "payment.authorized"
	| "payment.failed"
	| "payment.capture_failed"
	| "payment.voided"
	| "shipment.created"
	| "shipment.failed"
	| "shipment.cancelled",
	OrdersService
> = async function (event, ctx) {
	const { order } = event.data;
	if (!order) return;
	const until = Date.now() + runtimeOf(this.broker).env.ORDER_STALL_SECONDS * 1_000;
	await ctx.once(unit => watched(unit, subjectOf(order.orderId), { heard: event.type, until }));
};

/** The money is there: a choreographed order is confirmed. */
export const onPaymentCaptured: EventHandler<"payment.captured", OrdersService> = async function (event, ctx) {
	const { order } = event.data;
	if (!order) return;
	await ctx.once(async unit => {
		const decides = await watched(unit, subjectOf(order.orderId), { heard: event.type, ended: "DONE" });
		if (decides) await confirmed(this, unit, order);
	});
};

/** Nothing could be reserved: there is nothing to undo. */
export const onReservationFailed: EventHandler<"inventory.reservation_failed", OrdersService> = async function (
	event,
	ctx
) {
	await abandon(this, ctx, event.type, event.data);
};

/** The last thing to undo is undone: a choreographed order is cancelled. */
export const onReleased: EventHandler<"inventory.released", OrdersService> = async function (event, ctx) {
	await abandon(this, ctx, event.type, event.data);
};

async function abandon(
	orders: OrdersService,
	ctx: EventCtx,
	heard: string,
	{ order, reason }: { order?: CarriedOrder; reason: string }
): Promise<void> {
	if (!order) return;
	await ctx.once(async unit => {
		const decides = await watched(unit, subjectOf(order.orderId), { heard, ended: "COMPENSATED", reason });
		if (decides) await cancelled(orders, unit, order.orderId, reason);
	});
}
