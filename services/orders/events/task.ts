import type { EventHandler } from "../../../broker/service.ts";
import type { OrdersService } from "../orders.service.ts";
import { onInspected, onInspectionDropped } from "./inspection.ts";
import { onReviewDone, onReviewDropped } from "./review.ts";

/** Somebody has done what there was to do for an order or a return. A task is of one kind: of the two, one takes it at most. */
export const onTaskCompleted: EventHandler<"task.completed", OrdersService> = async function (event, ctx) {
	await onReviewDone.call(this, event, ctx);
	await onInspected.call(this, event, ctx);
};

/** Nobody is to do it any more. */
export const onTaskDropped: EventHandler<"task.updated" | "task.deleted", OrdersService> = async function (event, ctx) {
	await onReviewDropped.call(this, event, ctx);
	await onInspectionDropped.call(this, event, ctx);
};
