import { Refusal, Unavailable } from "../../broker/errors.ts";

/** The provider said no. The order it was for is not paid and never will be by this payment. */
export class PaymentDeclined extends Refusal {
	constructor(orderId: number, why: string) {
		super("The payment was declined", 402, "PAYMENT_DECLINED", { orderId, why });
	}
}

/** The payment was voided before this came: it is too late. */
export class PaymentVoided extends Refusal {
	constructor(orderId: number, because?: string) {
		super(`The payment of order ${orderId} was voided`, 409, "PAYMENT_VOIDED", { orderId, because });
	}
}

/** The provider did not answer: whether it did what was asked is unknown until it is asked again. */
export class ProviderUnanswered extends Unavailable {
	constructor(orderId: number) {
		super("The payment provider has not answered", "PROVIDER_UNANSWERED", { orderId });
	}
}

export class PaymentNotFound extends Refusal {
	constructor(id: number) {
		super(`There is no payment ${id}`, 404, "PAYMENT_NOT_FOUND", { id });
	}
}

/** More is asked back than was captured and not yet refunded, or nothing was captured. */
export class RefundTooLarge extends Refusal {
	constructor(id: number, refundable: number) {
		super(`At most ${refundable} of payment ${id} can be refunded`, 409, "REFUND_TOO_LARGE", { id, refundable });
	}
}

/** Nothing was captured for the order: there is nothing to give back. */
export class OrderNotPaid extends Refusal {
	constructor(orderId: number) {
		super(`Nothing was captured for order ${orderId}`, 409, "ORDER_NOT_PAID", { orderId });
	}
}

/** The webhook's signature does not fit its bytes, or is too old. */
export class SignatureInvalid extends Refusal {
	constructor() {
		super("The signature does not fit the body", 401, "SIGNATURE_INVALID");
	}
}
