import type { Caused } from "../../../broker/sql/store.ts";
import { refundable } from "../payment.ts";
import { RefundTooLarge } from "../payments.errors.ts";
import type { PaymentsService } from "../payments.service.ts";
import type { PaymentRow } from "../payments.store.ts";
import { finishRefund, refundKeyOf, type RefundRow } from "../refunds.store.ts";
import { ask, record } from "./ask.ts";
import type { Answer } from "./provider.ts";

/** Has the provider give back one refund, and records it. Throws ProviderUnanswered, RefundTooLarge. */
export async function giveBack(
	payments: PaymentsService,
	cause: Caused,
	payment: PaymentRow,
	refund: RefundRow
): Promise<void> {
	const answer = await askToRefund(payments, payment, refund);
	const left = await payments.store.transact(record(cause, "answer"), unit => finishRefund(unit, refund, answer));
	if (answer.state !== "refunded") throw new RefundTooLarge(payment.id, refundable(left));
}

/** Has the provider give money back, under the refund's own key. Throws ProviderUnanswered. */
export const askToRefund = ({ provider }: PaymentsService, payment: PaymentRow, refund: RefundRow): Promise<Answer> => {
	const request = { key: refundKeyOf(payment, refund), of: payment.provider_key, amount: refund.amount };
	return ask(payment.order_id, "refund", () => provider.refund(request));
};
