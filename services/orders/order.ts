import type { Flaw } from "../../broker/errors.ts";
import { Money, Quantity } from "../../broker/schemas.ts";
import { heldWithout } from "./hold.ts";
import type { CarriedOrder, Hold, Order } from "./orders.contract.ts";
import { OrderNotCancellable } from "./orders.errors.ts";

/** What an order is before anything happened to it but being placed. */
export type Placed = Pick<Order, "userId" | "flow" | "items" | "total" | "currency" | "shippingAddress">;

/** What can happen to an order. */
export type OrderFact =
	| { type: "created"; data: Placed }
	| { type: "held"; data: Required<Pick<Order, "heldFor" | "heldUntil">> }
	| { type: "address_changed"; data: Pick<Order, "shippingAddress"> }
	| { type: "released"; data: { from: Hold } }
	| { type: "confirmed"; data: Pick<Order, "paymentId" | "shipmentId"> }
	| { type: "cancelled"; data: { reason: string } }
	| { type: "cancel_requested"; data: object }
	| { type: "cancel_refused"; data: { reason: string } }
	| { type: "shipped"; data: { shipmentId: number } }
	| { type: "delivered"; data: { shipmentId: number } }
	| { type: "returned"; data: { returnId: number; amount: number } };

/** A fact of one order, numbered from 1 without gaps. */
export type Recorded = OrderFact & { version: number; at: string };

/** From which states each fact may happen. */
const transitions: Record<Exclude<OrderFact["type"], "created">, readonly Order["status"][]> = {
	held: ["PENDING"],
	address_changed: ["HELD"],
	released: ["HELD"],
	confirmed: ["PENDING"],
	cancelled: ["PENDING", "HELD", "CONFIRMED"],
	cancel_requested: ["PENDING", "CONFIRMED"],
	cancel_refused: ["CONFIRMED", "SHIPPED", "DELIVERED"],
	shipped: ["CONFIRMED"],
	delivered: ["SHIPPED"],
	returned: ["DELIVERED"]
};

/** Whether a fact may happen to an order in this state. */
export const may = (order: Order, type: keyof typeof transitions): boolean => transitions[type].includes(order.status);

/** The order after a fact. The first fact makes it. */
export function evolve(order: Order | undefined, fact: Recorded, id: number): Order {
	if (fact.type === "created")
		return { id, ...fact.data, status: "PENDING", createdAt: fact.at, updatedAt: fact.at, version: fact.version };
	if (!order) throw new Error(`Order ${id} begins with ${fact.type}`);
	const { cancelRequested, heldFor, heldUntil, ...rest } = order;
	const next = { ...rest, updatedAt: fact.at, version: fact.version };
	switch (fact.type) {
		case "held":
			return { ...next, ...fact.data, status: "HELD" };
		case "address_changed":
			return { ...next, ...fact.data, heldFor, heldUntil };
		case "released": {
			const left = heldWithout(order, fact.data.from);
			return left.length > 0 ? { ...next, heldFor: left, heldUntil } : { ...next, status: "PENDING" };
		}
		case "confirmed":
			return { ...next, ...fact.data, ...(cancelRequested && { cancelRequested }), status: "CONFIRMED" };
		case "cancelled":
			return { ...next, status: "CANCELLED", reason: fact.data.reason };
		case "cancel_requested":
			return { ...next, cancelRequested: true };
		case "cancel_refused":
			return next;
		case "shipped":
			return { ...next, status: "SHIPPED" };
		case "delivered":
			return { ...next, status: "DELIVERED" };
		case "returned":
			return { ...next, returned: (order.returned ?? 0) + fact.data.amount };
	}
}

/** The order that these facts amount to, up to a time. Undefined when it did not exist then. */
export function replay(id: number, facts: readonly Recorded[], until?: string): Order | undefined {
	return facts
		.filter(({ at }) => until === undefined || at <= until)
		.reduce<Order | undefined>((order, fact) => evolve(order, fact, id), undefined);
}

/** Whether nothing more will happen to the order without somebody asking. */
export const isSettled = (order: Order): boolean => order.status !== "PENDING" && !order.cancelRequested;

/** What the services need to know of an order that begins. */
export const carriedOf = (
	{ id, userId, items, total, currency, shippingAddress }: Order,
	paymentToken: string
): CarriedOrder => ({
	orderId: id,
	userId,
	items: items.map(({ productId, quantity }) => ({ productId, quantity })),
	total,
	currency,
	paymentToken,
	shippingAddress
});

/** Adds up what is ordered: lines of one product become one, prices are the catalogue's. */
export function priced(
	wanted: readonly { productId: number; quantity: number }[],
	catalogue: ReadonlyMap<number, { name: string; price: number }>
): Pick<Order, "items" | "total"> {
	const quantities = new Map<number, number>();
	for (const { productId, quantity } of wanted) quantities.set(productId, (quantities.get(productId) ?? 0) + quantity);
	const items = [...quantities].map(([productId, quantity]) => {
		const { name, price } = catalogue.get(productId)!;
		return { productId, name, quantity, unitPrice: price, total: price * quantity };
	});
	return { items, total: items.reduce((sum, item) => sum + item.total, 0) };
}

/** Whether nothing will happen to the order any more that needs to know where it goes. */
export const isFinal = ({ status }: Pick<Order, "status">): boolean => status === "DELIVERED" || status === "CANCELLED";

/** What is kept of an order, or of a fact that says where it goes, once the customer's account was removed. */
export const anonymous = <Told extends Pick<Placed, "shippingAddress">>({ shippingAddress: _, ...rest }: Told) => rest;

/** What is too much for one order: of a product, its lines added up, or in all. */
export function excessOf(wanted: readonly { productId: number }[], order: Pick<Order, "items" | "total">): Flaw[] {
	const flaws: Flaw[] = order.items
		.filter(({ quantity }) => !Quantity.safeParse(quantity).success)
		.map(({ productId }) => ({
			pointer: `/items/${wanted.findIndex(line => line.productId === productId)}/quantity`,
			detail: `All lines of a product together may be at most ${Quantity.maxValue}`
		}));
	if (!Money.safeParse(order.total).success)
		flaws.push({ pointer: "/items", detail: `An order may cost at most ${Money.maxValue}, in minor units` });
	return flaws;
}

/**
 * What a request to cancel does to the order: nothing was done for one that is held, so it is over at once. Undefined when it
 * is done or under way. Throws OrderNotCancellable.
 */
export function requestCancel(order: Order): OrderFact | undefined {
	if (order.status === "CANCELLED" || order.cancelRequested) return undefined;
	if (order.status === "HELD") return { type: "cancelled", data: { reason: "CUSTOMER" } };
	if (!may(order, "cancel_requested")) throw new OrderNotCancellable(order.id, order.status);
	return { type: "cancel_requested", data: {} };
}
