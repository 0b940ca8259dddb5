import type { Handler } from "../../../broker/service.ts";
import type { Caused, Unit } from "../../../broker/sql/store.ts";
import type { CarriedOrder } from "../../orders/orders.contract.ts";
import { assertStands, isOpen } from "../payment.ts";
import { PaymentDeclined, ProviderUnanswered } from "../payments.errors.ts";
import type { PaymentsService } from "../payments.service.ts";
import { change, keyOf, ofOrder, type PaymentRow, settle, toPayment } from "../payments.store.ts";
import { ask, look, record } from "../providers/ask.ts";
import type { Answer } from "../providers/provider.ts";
import type { Asked } from "./authorize.ts";

export const capture: Handler<"payments.capture", PaymentsService> = async function (ctx) {
	const { orderId } = ctx.params;
	const asked = await askToCapture(this, ctx, orderId);
	if (!asked) throw new PaymentDeclined(orderId, "NOT_AUTHORIZED");
	const { payment, answer } = asked;
	const captured = answer
		? await this.store.transact(record(ctx, "answer"), unit => settleCapture(unit, payment, answer))
		: payment;
	assertStands(orderId, captured.state, captured.reason);
	return toPayment(captured);
};

/** Has the provider take what it set aside. Undefined when no payment was ever made. Throws ProviderUnanswered. */
export async function askToCapture(
	payments: PaymentsService,
	cause: Caused,
	orderId: number
): Promise<Asked | undefined> {
	const payment = await upToDate(payments, cause, orderId);
	if (!payment) return undefined;
	if (isOpen(payment.state)) throw new ProviderUnanswered(orderId);
	if (payment.state !== "AUTHORIZED") return { payment };
	const request = { key: keyOf(orderId, "capture"), of: payment.provider_key };
	return { payment, answer: await ask(orderId, "capture", () => payments.provider.capture(request)) };
}

/** The payment of an order, after a look into the provider's books when its authorization is still in doubt. */
async function upToDate(payments: PaymentsService, cause: Caused, orderId: number): Promise<PaymentRow | undefined> {
	const { store, provider } = payments;
	const payment = await ofOrder(store, orderId);
	if (!payment || !isOpen(payment.state)) return payment;
	const known = await look(provider, payment);
	return known ? store.transact(record(cause, "look"), unit => settle(unit, payment, known)) : payment;
}

/** Records what the provider answered to a capture: with it the ledger, or that what was set aside could not be taken. */
export async function settleCapture(
	unit: Unit,
	payment: PaymentRow,
	{ state, reason }: Answer,
	order?: CarriedOrder
): Promise<PaymentRow> {
	const declined = state === "declined" && (await change(unit, payment, "captureDeclined", { reason, order }));
	return declined || settle(unit, payment, { state }, { order });
}
