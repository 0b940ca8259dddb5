import { Refusal } from "../../broker/errors.ts";

export class OrderNotFound extends Refusal {
	constructor(id: number) {
		super(`There is no order ${id}`, 404, "ORDER_NOT_FOUND", { id });
	}
}

/** An item of the order names a product that does not exist or is not sold. */
export class ProductNotFound extends Refusal {
	constructor(productId: number, index: number) {
		super(`There is no product ${productId}`, 422, "PRODUCT_NOT_FOUND", {
			errors: [{ pointer: `/items/${index}/productId`, detail: `There is no product ${productId}` }]
		});
	}
}

/** The token is good, but its user is gone. */
export class UserNotFound extends Refusal {
	constructor(userId: number) {
		super("User not found", 404, "USER_NOT_FOUND", { userId });
	}
}

export class OrderNotCancellable extends Refusal {
	constructor(id: number, status: string) {
		super(`Order ${id} cannot be cancelled any more: it is ${status}`, 409, "ORDER_NOT_CANCELLABLE", { id, status });
	}
}

/** The order does not wait for this: it never did, or it has gone on or was cancelled since. */
export class OrderNotHeld extends Refusal {
	constructor(id: number, status: string, hold: string) {
		super(`Order ${id} is not held for this: it is ${status}`, 409, "ORDER_NOT_HELD", { id, status, hold });
	}
}

/** No carrier goes to the new address either. */
export class AddressNotShippable extends Refusal {
	constructor(country: string) {
		super(`Nothing is shipped to ${country}`, 422, "ADDRESS_NOT_SHIPPABLE", {
			errors: [{ pointer: "/country", detail: `Nothing is shipped to ${country}` }]
		});
	}
}

export class SagaNotFound extends Refusal {
	constructor(id: number) {
		super(`There is no saga ${id} here that waits for attention`, 404, "SAGA_NOT_FOUND", { id });
	}
}
