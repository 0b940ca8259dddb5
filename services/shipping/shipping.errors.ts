import { Refusal, Unavailable } from "../../broker/errors.ts";

/** No carrier takes parcels to this country. */
export class ShippingFailed extends Refusal {
	constructor(orderId: number, country: string) {
		super(`Nothing is shipped to ${country}`, 409, "SHIPPING_FAILED", { orderId, country });
	}
}

/** The shipment was cancelled before this came: it is too late. */
export class ShipmentCancelled extends Refusal {
	constructor(orderId: number) {
		super(`The shipment of order ${orderId} was cancelled`, 409, "SHIPMENT_CANCELLED", { orderId });
	}
}

/** The parcel has left: it cannot be called back. */
export class ShipmentDispatched extends Refusal {
	constructor(orderId: number) {
		super(`The shipment of order ${orderId} is on its way`, 409, "SHIPMENT_DISPATCHED", { orderId });
	}
}

export class ShipmentNotFound extends Refusal {
	constructor(id: number) {
		super(`There is no shipment ${id}`, 404, "SHIPMENT_NOT_FOUND", { id });
	}
}

/** The shipment is not in the state that this step starts from. */
export class ShipmentNotReady extends Refusal {
	constructor(id: number, status: string) {
		super(`Shipment ${id} is ${status}`, 409, "SHIPMENT_NOT_READY", { id, status });
	}
}

/** It is not known here yet that the order is confirmed. That passes: the news is on its way. */
export class ShipmentAwaitsOrder extends Unavailable {
	constructor(id: number) {
		super(`Shipment ${id} waits for its order to be confirmed`, "SHIPMENT_AWAITS_ORDER", { id });
	}
}
