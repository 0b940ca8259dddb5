import type { Handler } from "../../../broker/service.ts";
import { PaymentNotFound } from "../payments.errors.ts";
import type { PaymentsService } from "../payments.service.ts";
import { byId, toPayment } from "../payments.store.ts";

export const get: Handler<"payments.get", PaymentsService> = async function (ctx) {
	const { id } = ctx.params;
	const payment = await byId(this.store, id);
	if (!payment || payment.user_id === null) throw new PaymentNotFound(id);
	ctx.assertOwner(payment.user_id);
	return toPayment(payment);
};
