import { z } from "zod";
import { contract, events, type ActionsOf, type EventsOf } from "../../broker/contract.ts";
import { ById, Currency, Id, Line, Money, PageQuery, pageOf, Quantity, TextId, Time } from "../../broker/schemas.ts";
import { VersionConflict } from "../../broker/errors.ts";
import {
	AddressNotShippable,
	OrderNotCancellable,
	OrderNotFound,
	OrderNotHeld,
	ProductNotFound,
	SagaNotFound,
	UserNotFound
} from "./orders.errors.ts";
import { returnActions, type returnEvents } from "./returns.contract.ts";

export { Return, returnEvents } from "./returns.contract.ts";

/** Who leads an order through its steps: a saga that calls, or the services by hearing each other's events. */
export const Flow = z.enum(["orchestrated", "choreographed"]);
export const OrderStatus = z.enum(["PENDING", "HELD", "CONFIRMED", "SHIPPED", "DELIVERED", "CANCELLED"]);
/** What an order waits for a person for: a look at it, or another address. */
export const Hold = z.enum(["REVIEW", "ADDRESS"]);
export type Hold = z.output<typeof Hold>;

export const Address = z
	.strictObject({
		name: Line(),
		street: Line(),
		city: Line(),
		postalCode: Line(20),
		country: z.string().regex(/^[A-Z]{2}$/, "is two capital letters (ISO 3166)")
	})
	.meta({ id: "Address" });

export const OrderItem = z.strictObject({
	productId: Id,
	name: z.string(),
	quantity: Quantity,
	unitPrice: Money,
	total: Money
});

export const Order = z
	.strictObject({
		id: Id,
		userId: Id,
		status: OrderStatus,
		flow: Flow,
		items: z.array(OrderItem),
		total: Money,
		currency: Currency,
		reason: z.string().optional(),
		heldFor: z.array(Hold).min(1).optional().describe("Present while it is HELD"),
		heldUntil: Time.optional().describe("When it is cancelled if it is HELD still"),
		cancelRequested: z.literal(true).optional(),
		returned: Money.optional().describe("What was refunded for goods that came back"),
		paymentId: Id.optional(),
		shipmentId: Id.optional(),
		shippingAddress: Address.optional(),
		createdAt: Time,
		updatedAt: Time,
		version: z.int().positive()
	})
	.meta({ id: "Order" });
export type Order = z.output<typeof Order>;

export const Wanted = z.strictObject({ productId: Id, quantity: Quantity });

export const PlaceOrder = z.strictObject({
	items: z.array(Wanted).min(1).max(50),
	payment: z.strictObject({ token: z.string().regex(/^tok_[a-z0-9_]{1,60}$/, "is a payment token, tok_…") }),
	shippingAddress: Address.optional(),
	flow: Flow.optional()
});

/** What the next service needs to know of a choreographed order. It travels with the events of its chain. */
export const CarriedOrder = z.strictObject({
	orderId: Id,
	userId: Id,
	items: z.array(Wanted),
	total: Money,
	currency: Currency,
	paymentToken: z.string(),
	shippingAddress: Address.optional(),
	/** Added by the services as the order passes through them. */
	paymentId: Id.optional(),
	shipmentId: Id.optional()
});
export type CarriedOrder = z.output<typeof CarriedOrder>;

/** One thing that happened to an order: its event-sourced history. */
export const OrderEvent = z.strictObject({
	version: z.int(),
	type: z.string(),
	at: Time,
	data: z.record(z.string(), z.unknown())
});
export const OrderStep = z.strictObject({
	step: z.string(),
	direction: z.enum(["forward", "back"]),
	status: z.string(),
	attempt: z.int(),
	detail: z.string().optional(),
	at: Time,
	requestId: z.string().describe("the request that set the saga going")
});
export const History = z
	.strictObject({ events: z.array(OrderEvent), steps: z.array(OrderStep) })
	.meta({ id: "OrderHistory" });

const SagaSummary = z.strictObject({
	id: Id,
	type: z.string(),
	subject: z.string(),
	status: z.enum(["RUNNING", "COMPENSATING", "WATCHED", "DONE", "COMPENSATED", "NEEDS_ATTENTION"]),
	step: z.int(),
	attempts: z.int(),
	reason: z.string().optional(),
	error: z.string().optional(),
	createdAt: Time,
	updatedAt: Time
});
export const SagaDetail = SagaSummary.extend({
	state: z.record(z.string(), z.unknown()),
	steps: z.array(OrderStep)
});

const customer = { roles: ["staff"], owner: true } as const;

export const orders = contract("orders", {
	place: {
		summary:
			"Places an order: PENDING at once, CONFIRMED or CANCELLED when its steps have run; HELD until a person has seen to it",
		params: PlaceOrder,
		result: Order,
		rest: "POST /orders",
		status: 201,
		access: { roles: ["customer", "staff"] },
		idempotencyKey: "required",
		waits: "orders.outcome",
		refuses: [ProductNotFound, UserNotFound]
	},
	get: {
		summary: "One order, as it is or as it was at a time",
		params: ById.extend({ at: Time.optional() }),
		result: Order,
		rest: "GET /orders/:id",
		access: customer,
		refuses: [OrderNotFound]
	},
	outcome: {
		summary: "One order once it is settled, or as it stands after so long",
		params: ById.extend({ waitMs: z.int().min(0).max(60_000) }),
		result: Order,
		access: customer,
		refuses: [OrderNotFound]
	},
	list: {
		summary: "A customer's own orders; for staff, everybody's",
		params: z.strictObject({ ...PageQuery, status: OrderStatus.optional() }),
		result: pageOf(Order),
		rest: "GET /orders",
		access: { roles: ["customer", "staff"] }
	},
	listOfUser: {
		summary: "The orders of one user",
		params: ById.extend(PageQuery),
		result: pageOf(Order),
		rest: "GET /users/:id/orders",
		access: customer
	},
	history: {
		summary: "What happened to an order, and the steps that led there",
		params: ById,
		result: History,
		rest: "GET /orders/:id/history",
		access: customer,
		refuses: [OrderNotFound]
	},
	stream: {
		summary: "An order's history as it grows, as server-sent events, until the order is settled",
		params: ById,
		result: z.unknown(),
		rest: "GET /orders/:id/stream",
		stream: true,
		access: customer,
		refuses: [OrderNotFound]
	},
	cancel: {
		summary: "Cancels an order: at once where nothing was captured, with a refund and a return of stock where it was",
		params: ById,
		result: Order,
		rest: "POST /orders/:id/cancel",
		status: 202,
		access: customer,
		idempotencyKey: "optional",
		refuses: [OrderNotFound, OrderNotCancellable]
	},
	changeAddress: {
		summary: "Gives a held order another address, which a carrier must go to",
		params: ById.extend(Address.shape),
		result: Order,
		rest: "PUT /orders/:id/address",
		access: customer,
		refuses: [OrderNotFound, OrderNotHeld, AddressNotShippable, VersionConflict]
	},
	release: {
		summary: "An order that was held for review was looked at: it goes on, unless its address holds it still",
		params: ById,
		result: Order,
		rest: "POST /orders/:id/release",
		access: { roles: ["staff"] },
		idempotencyKey: "optional",
		refuses: [OrderNotFound, OrderNotHeld, VersionConflict]
	},
	sagas: {
		summary: "The processes behind orders, the newest first",
		params: z.strictObject({ ...PageQuery, status: SagaSummary.shape.status.optional() }),
		result: pageOf(SagaSummary),
		rest: "GET /admin/sagas",
		access: { roles: ["admin"] }
	},
	saga: {
		summary: "One process with its state and timeline",
		params: z.strictObject({ id: TextId }),
		result: SagaDetail,
		rest: "GET /admin/sagas/:id",
		access: { roles: ["admin"] },
		refuses: [SagaNotFound]
	},
	retrySaga: {
		summary: "Sends a process that needs attention on its way again",
		params: z.strictObject({ id: TextId }),
		result: SagaDetail,
		rest: "POST /admin/sagas/:id/retry",
		status: 202,
		access: { roles: ["admin"] },
		refuses: [SagaNotFound]
	},
	...returnActions
});

const about = { orderId: Id, userId: Id, total: Money, currency: Currency };

export const orderEvents = events("order", {
	created: z.strictObject({
		...about,
		flow: Flow,
		items: z.array(OrderItem),
		/** Present when events drive the order, and it is not held. */
		order: CarriedOrder.optional()
	}),
	held: z.strictObject({ ...about, heldFor: z.array(Hold), heldUntil: Time }),
	address_changed: z.strictObject(about),
	released: z.strictObject({
		...about,
		from: Hold,
		/** What holds it still. */
		heldFor: z.array(Hold).optional(),
		/** Present when events drive the order, and nothing holds it any more. */
		order: CarriedOrder.optional()
	}),
	confirmed: z.strictObject({
		...about,
		items: z.array(OrderItem),
		paymentId: Id.optional(),
		shipmentId: Id.optional()
	}),
	cancelled: z.strictObject({ ...about, reason: z.string() }),
	cancel_requested: z.strictObject(about),
	cancel_refused: z.strictObject({ ...about, reason: z.string() }),
	shipped: z.strictObject({ ...about, shipmentId: Id }),
	delivered: z.strictObject({ ...about, shipmentId: Id }),
	/** Goods of it came back; it stays DELIVERED. */
	returned: z.strictObject({ ...about, returnId: Id, amount: Money })
});

declare module "../../broker/contract.ts" {
	interface Actions extends ActionsOf<typeof orders> {}
	interface Events extends EventsOf<typeof orderEvents>, EventsOf<typeof returnEvents> {}
}
