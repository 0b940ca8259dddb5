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

export class SagaNotFound extends Refusal {
	constructor(id: number) {
		super(`There is no saga ${id} here that waits for attention`, 404, "SAGA_NOT_FOUND", { id });
	}
}
