import type { Return } from "../../services/orders/returns.contract.ts";
import { eventually } from "./eventually.ts";
import { as, event } from "./node.ts";
import { ALICE, type Shop } from "./orders.mother.ts";

let keys = 0;

/** An order that arrived. */
export async function delivered(here: Shop, over?: object): Promise<number> {
	const { id } = await here.place(over);
	await eventually(async () => expect(await here.order(id)).toMatchObject({ status: "CONFIRMED" }));
	const parcel = { shipmentId: 900 + id, orderId: id, userId: ALICE };
	await here.publish(event("shipment.dispatched", `shipment/${900 + id}`, { ...parcel, tracking: `T${id}` }));
	await here.publish(event("shipment.delivered", `shipment/${900 + id}`, parcel));
	return id;
}

/** Alice asks to send something back, one of product 101 unless a spec says otherwise. */
export const sendBack = (
	here: Shop,
	id: number,
	{
		userId = ALICE,
		key = `return-key-${++keys}`,
		...over
	}: { userId?: number; key?: string; [param: string]: unknown } = {}
): Promise<Return> =>
	as(
		here,
		{ userId },
		{ "idempotency-key": key }
	)("orders.requestReturn", {
		id,
		items: [{ productId: 101, quantity: 1 }],
		reason: "It is too small",
		...over
	});

/** What tasks says of the inspection of a return, or of another task. */
export function inspection(
	type: "task.completed" | "task.updated" | "task.deleted",
	returnId: number,
	over: { kind?: "inspect" | "pick"; about?: string; status?: "OPEN" | "IN_PROGRESS" | "DONE" | "CANCELLED" } = {}
) {
	const time = "2026-01-02T03:04:05.678Z";
	const status = over.status ?? (type === "task.completed" ? "DONE" : type === "task.updated" ? "CANCELLED" : "OPEN");
	return event(type, `task/${returnId}`, {
		taskId: returnId,
		task: {
			...{ id: returnId, title: "It", description: "", priority: "NORMAL", labels: [], checklist: [] },
			...{ kind: "inspect", about: `return/${returnId}`, createdAt: time, updatedAt: time, version: 2 },
			...over,
			status,
			...(status === "DONE" && { completedAt: time })
		}
	});
}
