import { z } from "zod";
import { type ActionSpec, events } from "../../broker/contract.ts";
import { ById, Currency, Id, Line, Money, PageQuery, pageOf, Quantity, Time } from "../../broker/schemas.ts";
import { OrderNotFound } from "./orders.errors.ts";
import {
	OrderNotReturnable,
	ProductNotOrdered,
	ReturnDecided,
	ReturnNotFound,
	ReturnTooLarge,
	ReturnTooLate
} from "./returns.errors.ts";

/** REQUESTED until somebody has inspected the goods, ACCEPTED until the money and the goods are back where they were. */
const ReturnStatus = z.enum(["REQUESTED", "ACCEPTED", "REFUSED", "COMPLETED"]);

const ReturnItem = z.strictObject({
	productId: Id,
	name: z.string(),
	quantity: Quantity,
	unitPrice: Money,
	total: Money
});

export const Return = z
	.strictObject({
		id: Id,
		orderId: Id,
		userId: Id,
		status: ReturnStatus,
		items: z.array(ReturnItem),
		amount: Money.describe("What is refunded"),
		currency: Currency,
		reason: z.string().optional().describe("What the customer says; absent once the account was removed"),
		refusal: z
			.string()
			.optional()
			.describe("Why it is REFUSED: INSPECTION, CUSTOMER, STAFF, or what payments answered"),
		createdAt: Time,
		updatedAt: Time,
		version: z.int().positive()
	})
	.meta({ id: "Return" });
export type Return = z.output<typeof Return>;

const customer = { roles: ["staff"], owner: true } as const;

/** What orders does about goods that come back. */
export const returnActions = {
	requestReturn: {
		summary: "Asks to send goods of a delivered order back: they are inspected, then refunded and put on the shelf",
		params: ById.extend({
			items: z
				.array(z.strictObject({ productId: Id, quantity: Quantity }))
				.min(1)
				.max(50),
			reason: Line()
		}),
		result: Return,
		rest: "POST /orders/:id/returns",
		status: 201,
		access: customer,
		idempotencyKey: "required",
		refuses: [OrderNotFound, OrderNotReturnable, ReturnTooLate, ProductNotOrdered, ReturnTooLarge]
	},
	cancelReturn: {
		summary: "Gives a return up before its goods were inspected: the customer keeps them, or the staff wants none",
		params: ById,
		result: Return,
		rest: "POST /returns/:id/cancel",
		access: customer,
		idempotencyKey: "optional",
		refuses: [ReturnNotFound, ReturnDecided]
	},
	getReturn: {
		summary: "One return",
		params: ById,
		result: Return,
		rest: "GET /returns/:id",
		access: customer,
		refuses: [ReturnNotFound]
	},
	listReturns: {
		summary: "A customer's own returns; for staff, everybody's",
		params: z.strictObject({ ...PageQuery, status: ReturnStatus.optional() }),
		result: pageOf(Return),
		rest: "GET /returns",
		access: { roles: ["customer", "staff"] }
	},
	listReturnsOfOrder: {
		summary: "The returns of one order",
		params: ById.extend(PageQuery),
		result: pageOf(Return),
		rest: "GET /orders/:id/returns",
		access: customer,
		refuses: [OrderNotFound]
	},
	listReturnsOfUser: {
		summary: "The returns of one user",
		params: ById.extend(PageQuery),
		result: pageOf(Return),
		rest: "GET /users/:id/returns",
		access: customer
	}
} as const satisfies Record<string, ActionSpec>;

const about = { returnId: Id, orderId: Id, userId: Id, items: z.array(ReturnItem), amount: Money, currency: Currency };

/** None of them says why goods come back: what people write stays in one place. */
export const returnEvents = events("return", {
	requested: z.strictObject(about),
	/** The goods passed their inspection. */
	accepted: z.strictObject(about),
	refused: z.strictObject({ ...about, refusal: z.string() }),
	/** The money is on its way to the customer, and the goods are on the shelf. */
	completed: z.strictObject(about)
});
