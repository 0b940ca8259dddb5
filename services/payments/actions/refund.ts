import { IdempotencyKeyReused } from "../../../broker/errors.ts";
import type { Handler } from "../../../broker/service.ts";
import { refundable } from "../payment.ts";
import { PaymentNotFound, RefundTooLarge } from "../payments.errors.ts";
import type { PaymentsService } from "../payments.service.ts";
import { byId, toPayment } from "../payments.store.ts";
import { record, step } from "../providers/ask.ts";
import { askToRefund } from "../providers/give-back.ts";
import type { Answer } from "../providers/provider.ts";
import { finishRefund, type RefundRow, reserveRefund } from "../refunds.store.ts";

export const refund: Handler<"payments.refund", PaymentsService> = async function (ctx) {
	const { id, amount, reason } = ctx.params;
	const { store } = this;
	const payment = await byId(store, id);
	if (!payment || payment.user_id === null) throw new PaymentNotFound(id);
	// A service that calls without a key means another refund with each call.
	const { scope, key } = ctx.origin.idempotency ?? { scope: "call", key: ctx.id };
	const intent = await store.transact(step(ctx, "intent"), unit =>
		reserveRefund(unit, id, { key: `${scope} ${key}`, amount, reason })
	);
	if (!intent) throw new RefundTooLarge(id, refundable((await byId(store, id))!));
	if (intent.payment_id !== id || intent.amount !== amount || intent.reason !== reason)
		throw new IdempotencyKeyReused(key);
	const answer = answered(intent) ?? (await askToRefund(this, payment, intent));
	if (answer.state !== "refunded") {
		const left = await store.transact(record(ctx, "answer"), unit => finishRefund(unit, intent, answer));
		throw new RefundTooLarge(id, refundable(left));
	}
	// Here the client's key counts, and no deadline any more: the money is on its way.
	const last = { origin: { ...ctx.origin, deadline: undefined } };
	return store.transact(last, async unit => toPayment(await finishRefund(unit, intent, answer)));
};

/** What the provider said to a refund before, as far as it is recorded. */
const answered = ({ status }: RefundRow): Answer | undefined =>
	status === "PENDING" ? undefined : { state: status === "DONE" ? "refunded" : "declined" };
