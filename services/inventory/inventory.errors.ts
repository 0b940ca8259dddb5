import { Refusal } from "../../broker/errors.ts";

/** Less is available than was asked for; nothing is reserved. */
export class OutOfStock extends Refusal {
	constructor(productId: number, quantity: number) {
		super(`There are not ${quantity} of product ${productId}`, 409, "OUT_OF_STOCK", { productId, quantity });
	}
}

/** The order was released before this reservation came: it is too late. */
export class ReservationReleased extends Refusal {
	constructor(orderId: number, because?: string) {
		super(`The reservation of order ${orderId} was released`, 409, "RESERVATION_RELEASED", { orderId, because });
	}
}

export class StockNotFound extends Refusal {
	constructor(productId: number) {
		super(`There is no stock of product ${productId}`, 404, "STOCK_NOT_FOUND", { productId });
	}
}

/** The change would leave less on hand than is reserved. */
export class StockReserved extends Refusal {
	constructor(productId: number, reserved: number) {
		super(`${reserved} of product ${productId} are reserved`, 409, "STOCK_RESERVED", { productId, reserved });
	}
}
