import { runtimeOf } from "../../../broker/runtime.ts";
import type { EventHandler } from "../../../broker/service.ts";
import { dueOf, titleOf } from "../plan.ts";
import { open } from "../tasks.changes.ts";
import type { TasksService } from "../tasks.service.ts";

const DAY_SECONDS = 24 * 60 * 60;

/** Goods come back: somebody looks at them, line by line. When the task is done they are taken back; when it is called off, they are not. */
export const onReturnRequested: EventHandler<"return.requested", TasksService> = async function (event, ctx) {
	const { orderId, items } = event.data;
	const about = event.subject;
	const withinSeconds = runtimeOf(this.broker).env.ORDER_INSPECT_DAYS * DAY_SECONDS;
	await ctx.once(unit =>
		open(this, unit, {
			title: `${titleOf("inspect", about)} of order ${orderId}`,
			description: "",
			priority: "NORMAL",
			labels: [],
			checklist: items.map(({ quantity, name }) => ({ text: `${quantity} × ${name}`, done: false })),
			kind: "inspect",
			dueAt: dueOf({ kind: "inspect", withinSeconds }, event.time),
			about
		})
	);
};
