import { z } from "zod";
import { contract, events, type ActionsOf, type EventsOf } from "../../broker/contract.ts";
import { Id, Line, PageQuery, pageOf, Quantity, TextId, Time, Units } from "../../broker/schemas.ts";
import { CarriedOrder } from "../orders/orders.contract.ts";
import { OutOfStock, ReservationReleased, StockNotFound, StockReserved } from "./inventory.errors.ts";

const items = z
	.array(z.strictObject({ productId: Id, quantity: Quantity }))
	.min(1)
	.max(50);
const ByProduct = z.strictObject({ productId: TextId });

/** What anyone may know of a product's stock. */
export const Availability = z.strictObject({ productId: Id, available: Units }).meta({ id: "Availability" });
export const Stock = z
	.strictObject({ productId: Id, onHand: Units, reserved: Units, available: Units, updatedAt: Time })
	.meta({ id: "Stock" });
export type Stock = z.output<typeof Stock>;
export const Movement = z
	.strictObject({
		id: Id,
		productId: Id,
		delta: z.int(),
		kind: z.enum(["COUNTED", "ADJUSTED", "SOLD", "RETURNED"]),
		reason: z.string().optional(),
		orderId: Id.optional(),
		returnId: Id.optional(),
		at: Time
	})
	.meta({ id: "StockMovement" });
export type Movement = z.output<typeof Movement>;
export const Reservation = z.strictObject({
	orderId: Id,
	status: z.enum(["HELD", "COMMITTED", "RELEASED", "EXPIRED"]),
	expiresAt: Time.optional()
});
export type Reservation = z.output<typeof Reservation>;

export const inventory = contract("inventory", {
	get: {
		summary: "How many of a product can be ordered now",
		params: ByProduct,
		result: Availability,
		rest: "GET /stock/:productId",
		access: "public",
		refuses: [StockNotFound]
	},
	set: {
		summary: "Sets what was counted on hand",
		params: ByProduct.extend({ onHand: Units }),
		result: Stock,
		rest: "PUT /stock/:productId",
		access: { roles: ["staff"] },
		idempotencyKey: "optional",
		refuses: [StockReserved]
	},
	adjust: {
		summary: "Adds to or takes from what is on hand, with a reason",
		params: ByProduct.extend({ delta: z.int().min(-1_000_000).max(1_000_000), reason: Line() }),
		result: Stock,
		rest: "POST /stock/:productId/adjustments",
		status: 201,
		access: { roles: ["staff"] },
		idempotencyKey: "required",
		refuses: [StockNotFound, StockReserved]
	},
	movements: {
		summary: "Every change of what is on hand; their sum is what is there",
		params: ByProduct.extend(PageQuery),
		result: pageOf(Movement),
		rest: "GET /stock/:productId/movements",
		access: { roles: ["staff"] }
	},
	reserve: {
		summary: "Holds all items of an order for a while, or none; repeated, it answers the same",
		params: z.strictObject({ orderId: Id, items }),
		result: Reservation,
		access: "internal",
		refuses: [OutOfStock, ReservationReleased]
	},
	commit: {
		summary: "Takes what an order holds off the shelf; what has expired meanwhile is held again first",
		params: z.strictObject({ orderId: Id }),
		result: Reservation,
		access: "internal",
		refuses: [OutOfStock, ReservationReleased]
	},
	release: {
		summary: "Gives back what an order holds or took; leaves a tombstone when it holds nothing",
		params: z.strictObject({ orderId: Id, reason: z.string() }),
		result: Reservation,
		access: "internal"
	},
	takeBack: {
		summary: "Puts what a customer sent back on the shelf, once for each return",
		params: z.strictObject({ returnId: Id, orderId: Id, items }),
		result: z.strictObject({ returnId: Id, orderId: Id }),
		access: "internal"
	}
});

const about = {
	orderId: Id,
	items,
	/** Present when events drive the order. */
	order: CarriedOrder.optional()
};

export const inventoryEvents = events("inventory", {
	reserved: z.strictObject({ ...about, expiresAt: Time }),
	reservation_failed: z.strictObject({ ...about, reason: z.string(), productId: Id.optional() }),
	committed: z.strictObject(about),
	/** The hold had expired and the stock is gone: what was done for the order must be undone. */
	commit_failed: z.strictObject({ ...about, reason: z.string() }),
	released: z.strictObject({ ...about, items: z.array(items.element).max(50), reason: z.string() }),
	expired: z.strictObject(about),
	/** What a customer sent back is on the shelf again. */
	taken_back: z.strictObject({ returnId: Id, orderId: Id, items }),
	/** The stock of all products of an import stands. */
	stocked: z.strictObject({ importId: Id }),
	stock_changed: z.strictObject({ productId: Id, onHand: Units, delta: z.int(), reason: z.string().optional() })
});

declare module "../../broker/contract.ts" {
	interface Actions extends ActionsOf<typeof inventory> {}
	interface Events extends EventsOf<typeof inventoryEvents> {}
}
