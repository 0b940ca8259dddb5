import type { Order } from "./orders.contract.ts";
import type { Return } from "./returns.contract.ts";
import {
	OrderNotReturnable,
	ProductNotOrdered,
	ReturnDecided,
	ReturnTooLarge,
	ReturnTooLate
} from "./returns.errors.ts";

/** All that can happen to a return: the state in which it can, and the one it leads to. */
export const CHANGES = {
	accepted: { from: "REQUESTED", to: "ACCEPTED" },
	refused: { from: "REQUESTED", to: "REFUSED" },
	/** The goods are good, but there was no money left to give back. */
	unpaid: { from: "ACCEPTED", to: "REFUSED" },
	completed: { from: "ACCEPTED", to: "COMPLETED" }
} as const satisfies Record<string, { from: Return["status"]; to: Return["status"] }>;
export type Change = keyof typeof CHANGES;

/** Whether nothing more will happen to a return. */
export const isOver = ({ status }: Pick<Return, "status">): boolean => status === "REFUSED" || status === "COMPLETED";

/**
 * Refuses an order of which nothing can come back now: it has not arrived, or it did so too many days ago. Throws
 * OrderNotReturnable, ReturnTooLate.
 */
export function assertReturnable(
	{ id, status }: Pick<Order, "id" | "status">,
	deliveredAt: string | undefined,
	{ days, now }: { days: number; now: string }
): void {
	if (status !== "DELIVERED" || deliveredAt === undefined) throw new OrderNotReturnable(id, status);
	const until = new Date(Date.parse(deliveredAt) + days * 86_400_000).toISOString();
	if (now >= until) throw new ReturnTooLate(id, until);
}

/**
 * What comes back of an order, at the price it was sold for: lines of one product are one. Never more than was ordered and is
 * not in another return that stands. Throws ProductNotOrdered, ReturnTooLarge.
 */
export function linesOf(
	{ items }: Pick<Order, "items">,
	others: readonly Pick<Return, "status" | "items">[],
	wanted: readonly { productId: number; quantity: number }[]
): Pick<Return, "items" | "amount"> {
	const taken = quantitiesOf(others.filter(({ status }) => status !== "REFUSED").flatMap(other => other.items));
	const lines = [...quantitiesOf(wanted)].map(([productId, quantity]) => {
		const at = wanted.findIndex(line => line.productId === productId);
		const ordered = items.find(item => item.productId === productId);
		if (!ordered) throw new ProductNotOrdered(productId, at);
		const left = ordered.quantity - (taken.get(productId) ?? 0);
		if (quantity > left) throw new ReturnTooLarge(productId, left, at);
		return { ...ordered, quantity, total: ordered.unitPrice * quantity };
	});
	return { items: lines, amount: lines.reduce((sum, { total }) => sum + total, 0) };
}

/** Whether a return is given up when somebody asks for that: not when it was refused before. Throws ReturnDecided. */
export function isGivenUp({ id, status }: Pick<Return, "id" | "status">): boolean {
	if (status === "ACCEPTED" || status === "COMPLETED") throw new ReturnDecided(id, status);
	return status === "REQUESTED";
}

function quantitiesOf(lines: readonly { productId: number; quantity: number }[]): Map<number, number> {
	const quantities = new Map<number, number>();
	for (const { productId, quantity } of lines) quantities.set(productId, (quantities.get(productId) ?? 0) + quantity);
	return quantities;
}
