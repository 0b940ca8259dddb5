import { ValidationFailed } from "../../broker/errors.ts";
import type { Reservation } from "./inventory.contract.ts";
import { StockReserved } from "./inventory.errors.ts";

/** So much of a product. */
export interface Line {
	productId: number;
	quantity: number;
}

/** What is on the shelf, and how much of it is promised to orders. */
export interface Shelf {
	onHand: number;
	reserved: number;
}

/** Where an order's reservation stands; NONE when nothing was ever heard of it. */
export type Status = Reservation["status"] | "NONE";

/** How a reservation changes: where it ends, what that does to the shelf for each unit, and what the movement is called. */
export interface Move {
	to: Reservation["status"];
	onHand: -1 | 0 | 1;
	reserved: -1 | 0 | 1;
	kind?: "SOLD" | "RETURNED";
}

const hold: Move = { to: "HELD", onHand: 0, reserved: 1 };
const sellHeld: Move = { to: "COMMITTED", onHand: -1, reserved: -1, kind: "SOLD" };
const sellFree: Move = { to: "COMMITTED", onHand: -1, reserved: 0, kind: "SOLD" };
const letGo: Move = { to: "RELEASED", onHand: 0, reserved: -1 };
const takeBack: Move = { to: "RELEASED", onHand: 1, reserved: 0, kind: "RETURNED" };
/** Nothing to give back, but from now on nothing can be had either: a reservation that comes later comes too late. */
const bury: Move = { to: "RELEASED", onHand: 0, reserved: 0 };
const lapse: Move = { to: "EXPIRED", onHand: 0, reserved: -1 };

/** What a request does to a reservation, by the state it finds. What was done already is answered the same again. */
export const MOVES = {
	reserve: { NONE: hold, HELD: "same", COMMITTED: "same", EXPIRED: hold, RELEASED: "refused" },
	commit: { NONE: "refused", HELD: sellHeld, COMMITTED: "same", EXPIRED: sellFree, RELEASED: "refused" },
	release: { NONE: bury, HELD: letGo, COMMITTED: takeBack, EXPIRED: bury, RELEASED: "same" },
	expire: { NONE: "same", HELD: lapse, COMMITTED: "same", EXPIRED: "same", RELEASED: "same" }
} as const satisfies Record<string, Record<Status, Move | "same" | "refused">>;

/** How many free units a move needs for each unit of the order: 1 when it promises or sells what nobody holds yet. */
export const needs = ({ onHand, reserved }: Move): number => Math.max(0, reserved - onHand);

/** The lines of an order with those of the same product added up, by product, so that all orders go the same way round. */
export function summed(lines: readonly Line[]): Line[] {
	const quantities = new Map<number, number>();
	for (const { productId, quantity } of lines) quantities.set(productId, (quantities.get(productId) ?? 0) + quantity);
	return [...quantities]
		.map(([productId, quantity]) => ({ productId, quantity }))
		.sort((one, other) => one.productId - other.productId);
}

/** The first line that asks for more than is free. A product without stock has nothing free. */
export const shortage = (lines: readonly Line[], free: ReadonlyMap<number, number>): Line | undefined =>
	lines.find(({ productId, quantity }) => (free.get(productId) ?? 0) < quantity);

const MOST = 1_000_000_000;

/**
 * How far what is on hand moves when it becomes `onHand`. Throws StockReserved when that is less than is promised, and
 * ValidationFailed when it is more than any shelf holds.
 */
export function difference(productId: number, { onHand: before, reserved }: Shelf, onHand: number): number {
	if (onHand < reserved) throw new StockReserved(productId, reserved);
	if (onHand > MOST) throw new ValidationFailed([{ pointer: "/delta", detail: `leaves more than ${MOST} on hand` }]);
	return onHand - before;
}
