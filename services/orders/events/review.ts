import type { EventHandler } from "../../../broker/service.ts";
import type { Task } from "../../tasks/tasks.contract.ts";
import { isHeldFor, rejectionOf } from "../hold.ts";
import type { OrdersService } from "../orders.service.ts";
import { lookUp } from "../orders.store.ts";
import { giveUp, releaseFrom } from "../sagas/held.ts";

/** Somebody has looked at the order and found nothing wrong. What they found too late, or of another order, changes nothing. */
export const onReviewDone: EventHandler<"task.completed", OrdersService> = async function (event, ctx) {
	const orderId = reviewed(event.data.task);
	if (orderId === undefined) return;
	await ctx.once(async unit => {
		const order = await lookUp(unit, orderId);
		if (order && isHeldFor(order, "REVIEW")) await releaseFrom(this, unit, order, "REVIEW");
	});
};

/**
 * Somebody has called the review off, so the order does not go on. Tasks calls it off as well, once an order is released or
 * cancelled: by then it is not HELD, and no order is held twice.
 */
export const onReviewDropped: EventHandler<"task.updated" | "task.deleted", OrdersService> = async function (
	event,
	ctx
) {
	const { task } = event.data;
	const orderId = reviewed(task);
	// A removed task is told as it was: one that was done before has let its order go.
	const dropped = event.type === "task.deleted" ? task.status !== "DONE" : task.status === "CANCELLED";
	if (orderId === undefined || !dropped) return;
	await ctx.once(async unit => {
		const order = await lookUp(unit, orderId);
		if (order?.status === "HELD") await giveUp(this, unit, order, rejectionOf(order));
	});
};

/** The order that a task is to look at; undefined for other tasks. */
function reviewed({ kind, about }: Task): number | undefined {
	const [, id] = (kind === "review" && /^order\/(\d+)$/.exec(about ?? "")) || [];
	return id === undefined ? undefined : Number(id);
}
