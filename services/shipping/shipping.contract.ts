import { z } from "zod";
import { contract, events, type ActionsOf, type EventsOf } from "../../broker/contract.ts";
import { ById, Id, PageQuery, pageOf, Time } from "../../broker/schemas.ts";
import { Address, CarriedOrder } from "../orders/orders.contract.ts";
import {
	ShipmentCancelled,
	ShipmentDispatched,
	ShipmentNotFound,
	ShipmentNotReady,
	ShippingFailed
} from "./shipping.errors.ts";

export const Shipment = z
	.strictObject({
		id: Id,
		orderId: Id,
		userId: Id,
		status: z.enum(["CREATED", "DISPATCHED", "DELIVERED", "CANCELLED", "REFUSED"]),
		address: Address.optional(),
		tracking: z.string().optional(),
		createdAt: Time,
		updatedAt: Time,
		version: z.int().positive()
	})
	.meta({ id: "Shipment" });
export type Shipment = z.output<typeof Shipment>;

const OfOrder = z.strictObject({ orderId: Id });
const staff = { roles: ["staff"] } as const;

export const shipping = contract("shipping", {
	get: {
		summary: "One shipment",
		params: ById,
		result: Shipment,
		rest: "GET /shipments/:id",
		access: { roles: ["staff"], owner: true },
		refuses: [ShipmentNotFound]
	},
	listOfUser: {
		summary: "The shipments of one user",
		params: ById.extend(PageQuery),
		result: pageOf(Shipment),
		rest: "GET /users/:id/shipments",
		access: { roles: ["staff"], owner: true }
	},
	dispatch: {
		summary: "Hands a shipment to the carrier; only once its order is confirmed",
		params: ById,
		result: Shipment,
		rest: "POST /shipments/:id/dispatch",
		access: staff,
		refuses: [ShipmentNotFound, ShipmentNotReady]
	},
	deliver: {
		summary: "Records that the parcel has arrived",
		params: ById,
		result: Shipment,
		rest: "POST /shipments/:id/deliver",
		access: staff,
		refuses: [ShipmentNotFound, ShipmentNotReady]
	},
	check: {
		summary: "Whether a carrier takes parcels to an address",
		params: z.strictObject({ address: Address }),
		result: z.strictObject({ ships: z.boolean() }),
		access: "internal"
	},
	create: {
		summary: "Books a shipment for an order; repeated, it answers the same",
		params: OfOrder.extend({ userId: Id, address: Address.optional() }),
		result: Shipment,
		access: "internal",
		refuses: [ShippingFailed, ShipmentCancelled]
	},
	cancel: {
		summary: "Cancels an order's shipment; leaves a tombstone when there is none",
		params: OfOrder.extend({ reason: z.string() }),
		result: z.strictObject({ orderId: Id, status: Shipment.shape.status }),
		access: "internal",
		refuses: [ShipmentDispatched]
	}
});

const about = {
	shipmentId: Id,
	orderId: Id,
	userId: Id,
	/** Present when events drive the order. */
	order: CarriedOrder.optional()
};

export const shipmentEvents = events("shipment", {
	created: z.strictObject(about),
	failed: z.strictObject({ ...about, reason: z.string() }),
	cancelled: z.strictObject({ ...about, shipmentId: Id.optional(), reason: z.string() }),
	dispatched: z.strictObject({ ...about, tracking: z.string() }),
	delivered: z.strictObject(about)
});

declare module "../../broker/contract.ts" {
	interface Actions extends ActionsOf<typeof shipping> {}
	interface Events extends EventsOf<typeof shipmentEvents> {}
}
