import type { EventHandler } from "../../../broker/service.ts";
import type { Task } from "../../tasks/tasks.contract.ts";
import type { OrdersService } from "../orders.service.ts";
import { subjectOf } from "../orders.store.ts";
import { changeReturn } from "../returns.store.ts";
import { takeBack } from "../sagas/take-back.saga.ts";

/** Somebody has inspected what came back and is content: the money and the goods go where they were. */
export const onInspected: EventHandler<"task.completed", OrdersService> = async function (event, ctx) {
	const returnId = inspected(event.data.task);
	if (returnId === undefined) return;
	await ctx.once(async unit => {
		const accepted = await changeReturn(unit, returnId, "accepted");
		if (!accepted) return;
		const { orderId, amount, items } = accepted;
		const lines = items.map(({ productId, quantity }) => ({ productId, quantity }));
		await this.sagas.begin(unit, takeBack, subjectOf(orderId), { returnId, orderId, amount, items: lines });
	});
};

/** Somebody has called the inspection off: nothing is taken back. Tasks calls it off as well, when the return was given up. */
export const onInspectionDropped: EventHandler<"task.updated" | "task.deleted", OrdersService> = async function (
	event,
	ctx
) {
	const { task } = event.data;
	const returnId = inspected(task);
	if (returnId === undefined || (event.type === "task.updated" && task.status !== "CANCELLED")) return;
	// A task that was removed when it was done has let its return go on before.
	await ctx.once(unit => changeReturn(unit, returnId, "refused", "INSPECTION"));
};

/** The return that a task is to inspect; undefined for other tasks. */
function inspected({ kind, about }: Task): number | undefined {
	const [, id] = (kind === "inspect" && /^return\/(\d+)$/.exec(about ?? "")) || [];
	return id === undefined ? undefined : Number(id);
}
