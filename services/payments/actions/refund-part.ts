import type { Handler } from "../../../broker/service.ts";
import { refundable, wasCaptured } from "../payment.ts";
import { OrderNotPaid, RefundTooLarge } from "../payments.errors.ts";
import type { PaymentsService } from "../payments.service.ts";
import { byId, keyOf, ofOrder } from "../payments.store.ts";
import { step } from "../providers/ask.ts";
import { giveBack } from "../providers/give-back.ts";
import { decideRefund } from "../refunds.store.ts";

export const refundPart: Handler<"payments.refundPart", PaymentsService> = async function (ctx) {
	const { orderId, part, amount, reason } = ctx.params;
	const { store } = this;
	const payment = await ofOrder(store, orderId);
	if (!payment || !wasCaptured(payment.state)) throw new OrderNotPaid(orderId);
	if (amount === 0) return { orderId, refunded: 0 };
	const refund = await store.transact(step(ctx, "intent"), unit =>
		decideRefund(unit, payment.id, { key: keyOf(orderId, part), amount, reason })
	);
	if (refund.status === "REFUSED") throw new RefundTooLarge(payment.id, refundable((await byId(store, payment.id))!));
	if (refund.status === "PENDING") await giveBack(this, ctx, payment, refund);
	return { orderId, refunded: refund.amount };
};
