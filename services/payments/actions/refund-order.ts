import type { Handler } from "../../../broker/service.ts";
import type { Caused } from "../../../broker/sql/store.ts";
import { wasCaptured } from "../payment.ts";
import type { PaymentsService } from "../payments.service.ts";
import { byId, ofOrder, type PaymentRow, settle } from "../payments.store.ts";
import { look, record, step } from "../providers/ask.ts";
import { giveBack } from "../providers/give-back.ts";
import { reserveRest } from "../refunds.store.ts";

export const refundOrder: Handler<"payments.refundOrder", PaymentsService> = async function (ctx) {
	const { orderId, reason } = ctx.params;
	const payment = await lookedUp(this, ctx, orderId);
	if (!payment || !wasCaptured(payment.state)) return { orderId, refunded: 0 };
	const { refunded } = await refundRest(this, ctx, payment, reason);
	return { orderId, refunded };
};

/** The payment of an order; one that may have been captured while our record of it got lost is looked up. */
async function lookedUp(payments: PaymentsService, cause: Caused, orderId: number): Promise<PaymentRow | undefined> {
	const { store, provider } = payments;
	const payment = await ofOrder(store, orderId);
	if (payment?.state !== "AUTHORIZED") return payment;
	const known = await look(provider, payment);
	return known ? store.transact(record(cause, "look"), unit => settle(unit, payment, known)) : payment;
}

/** Gives back all that was captured and is not given back yet, what is under way included. Throws ProviderUnanswered, RefundTooLarge. */
export async function refundRest(
	payments: PaymentsService,
	cause: Caused,
	payment: PaymentRow,
	reason: string
): Promise<PaymentRow> {
	const { store } = payments;
	const underWay = await store.transact(step(cause, "reserve"), unit => reserveRest(unit, payment.id, reason));
	for (const refund of underWay) await giveBack(payments, cause, payment, refund);
	return (await byId(store, payment.id))!;
}
