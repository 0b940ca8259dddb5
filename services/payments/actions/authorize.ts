import { codeOf } from "../../../broker/errors.ts";
import type { Handler } from "../../../broker/service.ts";
import type { Caused } from "../../../broker/sql/store.ts";
import { assertStands, isOpen } from "../payment.ts";
import { ProviderUnanswered } from "../payments.errors.ts";
import type { PaymentsService } from "../payments.service.ts";
import { change, intend, type PaymentRow, settle, toPayment, type Wanted } from "../payments.store.ts";
import { ask, look, record, step } from "../providers/ask.ts";
import type { Answer } from "../providers/provider.ts";

export const authorize: Handler<"payments.authorize", PaymentsService> = async function (ctx) {
	const { payment, answer } = await askToAuthorize(this, ctx, ctx.params);
	const settled = answer
		? await this.store.transact(record(ctx, "answer"), unit => settle(unit, payment, answer))
		: payment;
	assertStands(settled.order_id, settled.state, settled.reason);
	return toPayment(settled);
};

/** A payment, and what the provider answered about it, which is still to be recorded; no answer when it did not have to be asked. */
export interface Asked {
	payment: PaymentRow;
	answer?: Answer;
}

/**
 * Writes down what is intended, then has the provider do it. Whoever finds the intention of an earlier try looks into the
 * provider's books first, and sends the same key again only when it never arrived. Throws ProviderUnanswered.
 */
export async function askToAuthorize(payments: PaymentsService, cause: Caused, wanted: Wanted): Promise<Asked> {
	const { store, provider } = payments;
	const { payment, fresh } = await store.transact(step(cause, "intent"), unit => intend(unit, wanted));
	if (!isOpen(payment.state)) return { payment };
	const { order_id: orderId, provider_key: key, amount } = payment;
	const request = { key, amount, currency: wanted.currency, token: wanted.token };
	try {
		const known = fresh ? undefined : await look(provider, payment);
		const answer = known ?? (await ask(orderId, "authorize", () => provider.authorize(request)));
		if (answer.state === "pending") throw new ProviderUnanswered(orderId);
		return { payment, answer };
	} catch (error) {
		if (codeOf(error) === "PROVIDER_UNANSWERED" && payment.state === "NEW")
			await store.transact(record(cause, "unanswered"), unit => change(unit, payment, "unanswered"));
		throw error;
	}
}
