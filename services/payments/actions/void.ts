import type { Handler } from "../../../broker/service.ts";
import type { Caused } from "../../../broker/sql/store.ts";
import { isVoidable, wasCaptured } from "../payment.ts";
import type { PaymentsService } from "../payments.service.ts";
import { bury, keyOf, ofOrder, type PaymentRow, settle } from "../payments.store.ts";
import { ask, record, step } from "../providers/ask.ts";
import type { Asked } from "./authorize.ts";
import { refundRest } from "./refund-order.ts";

export const voidPayment: Handler<"payments.void", PaymentsService> = async function (ctx) {
	const { orderId, reason } = ctx.params;
	const { state } = await giveUp(this, ctx, await askToVoid(this, ctx, orderId), reason);
	return { orderId, state };
};

/**
 * Has the provider give up what it set aside for an order, or is going to. Where no payment was made, none will be: it
 * leaves a tombstone. Throws ProviderUnanswered.
 */
export async function askToVoid({ store, provider }: PaymentsService, cause: Caused, orderId: number): Promise<Asked> {
	const payment =
		(await ofOrder(store, orderId)) ?? (await store.transact(step(cause, "tombstone"), unit => bury(unit, orderId)));
	if (!isVoidable(payment.state)) return { payment };
	const request = { key: keyOf(orderId, "void"), of: payment.provider_key };
	return { payment, answer: await ask(orderId, "void", () => provider.void(request)) };
}

/** Records that a payment was given up. What was captured before anybody could void it is given back. */
export async function giveUp(
	payments: PaymentsService,
	cause: Caused,
	{ payment, answer }: Asked,
	reason: string
): Promise<PaymentRow> {
	const settled = answer
		? await payments.store.transact(record(cause, "answer"), unit => settle(unit, payment, answer, { reason }))
		: payment;
	return wasCaptured(settled.state) ? refundRest(payments, cause, settled, reason) : settled;
}
