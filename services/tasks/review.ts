import type { Events } from "../../broker/contract.ts";
import { aboutOrder, titleOf } from "./plan.ts";

type Held = Pick<Events["order.held"], "orderId" | "heldFor" | "heldUntil">;

const WHY: Record<Held["heldFor"][number], string> = {
	REVIEW: "its total is above the limit",
	ADDRESS: "no carrier goes to its address"
};
const THEN: Record<Held["heldFor"][number], string> = {
	REVIEW: "When this task is completed, it goes on; when this task is cancelled or removed, it is cancelled.",
	ADDRESS:
		"It needs another address, by PUT /orders/:id/address; when this task is cancelled or removed, it is cancelled."
};

/** What the task says by which somebody sees to a held order. It is late when half of the time is over: then there is still some. */
export const reviewOf = (
	{ orderId, heldFor, heldUntil }: Held,
	now: string
): { title: string; description: string; dueAt: string } => ({
	dueAt: new Date((Date.parse(now) + Date.parse(heldUntil)) / 2).toISOString(),
	title: `${titleOf("review", aboutOrder(orderId))}: ${heldFor.map(hold => WHY[hold]).join(", ")}`,
	description: [...heldFor.map(hold => THEN[hold]), `After ${heldUntil} it is cancelled by itself.`].join("\n")
});
