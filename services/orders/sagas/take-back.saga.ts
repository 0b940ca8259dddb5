import { saga } from "../../../broker/saga/saga.ts";
import type { OrdersService } from "../orders.service.ts";
import type { Return } from "../returns.contract.ts";
import { takenBack, unpaid } from "./taken-back.ts";

/** What a return that was accepted moves. */
export type Accepted = Pick<Return, "orderId" | "amount"> & {
	returnId: number;
	items: { productId: number; quantity: number }[];
};

/** Ends a return that was accepted: the money goes back first, for that can be refused; then the goods, which are there. */
export const takeBack = saga<Accepted>("take-back")
	.pivot("payments.refundPart", ({ orderId, returnId, amount }) => ({
		orderId,
		part: `return:${returnId}`,
		amount,
		reason: "RETURN"
	}))
	.step("inventory.takeBack", ({ returnId, orderId, items }) => ({ returnId, orderId, items }))
	.ends<OrdersService>({
		completed: (_, unit, { returnId }) => takenBack(unit, returnId),
		abandoned: (_, unit, { returnId }, reason) => unpaid(unit, returnId, reason)
	});
