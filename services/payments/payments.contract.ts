import { z } from "zod";
import { contract, events, type ActionsOf, type EventsOf } from "../../broker/contract.ts";
import { ById, Currency, Id, Line, Money, PageQuery, pageOf, Time } from "../../broker/schemas.ts";
import { CarriedOrder } from "../orders/orders.contract.ts";
import {
	OrderNotPaid,
	PaymentDeclined,
	PaymentNotFound,
	PaymentVoided,
	RefundTooLarge,
	SignatureInvalid
} from "./payments.errors.ts";

export const PaymentState = z.enum(["NEW", "AUTHORIZED", "CAPTURED", "REFUNDED", "VOIDED", "FAILED", "UNKNOWN"]);

export const Payment = z
	.strictObject({
		id: Id,
		orderId: Id,
		userId: Id,
		state: PaymentState,
		amount: Money,
		refunded: Money,
		currency: Currency,
		reason: z.string().optional(),
		createdAt: Time,
		updatedAt: Time,
		version: z.int().positive()
	})
	.meta({ id: "Payment" });
export type Payment = z.output<typeof Payment>;

const OfOrder = z.strictObject({ orderId: Id });

export const payments = contract("payments", {
	get: {
		summary: "One payment",
		params: ById,
		result: Payment,
		rest: "GET /payments/:id",
		access: { roles: ["staff"], owner: true },
		refuses: [PaymentNotFound]
	},
	listOfUser: {
		summary: "The payments of one user",
		params: ById.extend(PageQuery),
		result: pageOf(Payment),
		rest: "GET /users/:id/payments",
		access: { roles: ["staff"], owner: true }
	},
	refund: {
		summary: "Gives back part or all of what was captured",
		params: ById.extend({ amount: Money.min(1), reason: Line() }),
		result: Payment,
		rest: "POST /payments/:id/refunds",
		status: 201,
		access: { roles: ["staff"] },
		idempotencyKey: "required",
		refuses: [PaymentNotFound, RefundTooLarge]
	},
	webhook: {
		summary: "What the provider tells: a hint to look at its books, never a fact by itself",
		params: z.strictObject({ raw: z.string(), signature: z.string() }),
		result: z.strictObject({ received: z.literal(true) }),
		rest: "POST /webhooks/payments",
		status: 202,
		rawBody: true,
		access: "public",
		refuses: [SignatureInvalid]
	},
	authorize: {
		summary: "Sets an order's total aside at the provider; repeated, it answers the same",
		params: OfOrder.extend({ userId: Id, amount: Money, currency: Currency, token: z.string() }),
		result: Payment,
		access: "internal",
		refuses: [PaymentDeclined, PaymentVoided]
	},
	capture: {
		summary: "Takes what was set aside: the point of no return of an order",
		params: OfOrder,
		result: Payment,
		access: "internal",
		refuses: [PaymentVoided, PaymentDeclined]
	},
	void: {
		summary: "Gives up what was set aside; leaves a tombstone when nothing was",
		params: OfOrder.extend({ reason: z.string() }),
		result: z.strictObject({ orderId: Id, state: PaymentState }),
		access: "internal"
	},
	refundOrder: {
		summary: "Gives back all that was captured for an order and is not refunded yet; repeated, it does nothing more",
		params: OfOrder.extend({ reason: z.string() }),
		result: z.strictObject({ orderId: Id, refunded: Money }),
		access: "internal"
	},
	refundPart: {
		summary:
			"Gives back a part of what was captured for an order, once for each name of a part; repeated, it answers the same",
		params: OfOrder.extend({ part: z.string().regex(/^[a-z]+:\d+$/), amount: Money, reason: z.string() }),
		result: z.strictObject({ orderId: Id, refunded: Money }),
		access: "internal",
		refuses: [OrderNotPaid, RefundTooLarge]
	}
});

const about = {
	paymentId: Id,
	orderId: Id,
	userId: Id,
	amount: Money,
	currency: Currency,
	/** Present when events drive the order. */
	order: CarriedOrder.optional()
};

export const paymentEvents = events("payment", {
	authorized: z.strictObject(about),
	failed: z.strictObject({ ...about, reason: z.string() }),
	captured: z.strictObject(about),
	/** What was set aside could not be taken: what was done for the order must be undone. */
	capture_failed: z.strictObject({ ...about, reason: z.string() }),
	voided: z.strictObject({ ...about, paymentId: Id.optional(), reason: z.string() }),
	refunded: z.strictObject({ ...about, refunded: Money, reason: z.string() })
});

declare module "../../broker/contract.ts" {
	interface Actions extends ActionsOf<typeof payments> {}
	interface Events extends EventsOf<typeof paymentEvents> {}
}
