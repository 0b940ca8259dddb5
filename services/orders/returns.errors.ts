import { Refusal } from "../../broker/errors.ts";

export class ReturnNotFound extends Refusal {
	constructor(id: number) {
		super(`There is no return ${id}`, 404, "RETURN_NOT_FOUND", { id });
	}
}

/** What has not arrived, or never will, cannot come back. */
export class OrderNotReturnable extends Refusal {
	constructor(id: number, status: string) {
		super(`Order ${id} was not delivered: it is ${status}`, 409, "ORDER_NOT_RETURNABLE", { id, status });
	}
}

/** The order was delivered too long ago. */
export class ReturnTooLate extends Refusal {
	constructor(orderId: number, until: string) {
		super(`Order ${orderId} could be returned until ${until}`, 409, "RETURN_TOO_LATE", { orderId, until });
	}
}

/** The return names a product that is not in the order. */
export class ProductNotOrdered extends Refusal {
	constructor(productId: number, index: number) {
		super(`Product ${productId} is not in the order`, 422, "PRODUCT_NOT_ORDERED", {
			errors: [{ pointer: `/items/${index}/productId`, detail: `Product ${productId} is not in the order` }]
		});
	}
}

/** More of a product is to be returned than was ordered and is not in another return. */
export class ReturnTooLarge extends Refusal {
	constructor(productId: number, left: number, index: number) {
		super(`At most ${left} of product ${productId} can be returned`, 409, "RETURN_TOO_LARGE", {
			productId,
			left,
			errors: [{ pointer: `/items/${index}/quantity`, detail: `At most ${left} can be returned` }]
		});
	}
}

/** The goods were inspected, or the return is over. */
export class ReturnDecided extends Refusal {
	constructor(id: number, status: string) {
		super(`Return ${id} is ${status}`, 409, "RETURN_DECIDED", { id, status });
	}
}
