import type { Unit } from "../../../broker/sql/store.ts";
import { record } from "../orders.store.ts";
import { changeReturn } from "../returns.store.ts";

/** A return is over, and the order's history says so. */
export async function takenBack(unit: Unit, returnId: number): Promise<void> {
	const completed = await changeReturn(unit, returnId, "completed");
	if (!completed) return;
	const { orderId, amount } = completed;
	await record(unit, orderId, { type: "returned", data: { returnId, amount } });
}

/** The goods were good, but there was no money left to give back. */
export async function unpaid(unit: Unit, returnId: number, reason: string): Promise<void> {
	await changeReturn(unit, returnId, "unpaid", reason);
}
