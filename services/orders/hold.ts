import type { Hold, Order } from "./orders.contract.ts";

/** What a new order waits for a person for: a total above the limit, an address that no carrier goes to. */
export const holdsOf = (total: number, { above, ships }: { above?: number | undefined; ships: boolean }): Hold[] => [
	...(above !== undefined && total > above ? (["REVIEW"] as const) : []),
	...(ships ? [] : (["ADDRESS"] as const))
];

/** What else an order is held for. */
export const heldWithout = ({ heldFor = [] }: Pick<Order, "heldFor">, hold: Hold): Hold[] =>
	heldFor.filter(other => other !== hold);

/** Whether an order waits for a person, for one thing among others. */
export const isHeldFor = ({ heldFor = [] }: Pick<Order, "heldFor">, hold: Hold): boolean => heldFor.includes(hold);

/** Whether an order goes to this address already. */
export const goesTo = ({ shippingAddress }: Order, address: NonNullable<Order["shippingAddress"]>): boolean =>
	Object.entries(address).every(([line, text]) => shippingAddress?.[line as keyof typeof address] === text);

/** Why an order is cancelled that the staff does not let go on. */
export const rejectionOf = (order: Pick<Order, "heldFor">): string =>
	isHeldFor(order, "REVIEW") ? "REVIEW_REJECTED" : "SHIPPING_FAILED";
