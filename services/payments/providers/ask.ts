import type { Caused } from "../../../broker/sql/store.ts";
import { crash } from "../../../broker/crash.ts";
import { ProviderUnanswered } from "../payments.errors.ts";
import type { PaymentRow } from "../payments.store.ts";
import { type Answer, answerWithin, type Provider, ProviderTimeout } from "./provider.ts";

/** Less than the caller's own patience, so that the silence can still be written down. */
const TIMEOUT_MS = 4_000;

/**
 * Asks the provider, outside any unit and for a bounded time. Throws ProviderUnanswered: then the same request, under the
 * same key, is to be sent again.
 */
export async function ask<T>(orderId: number, request: string, answer: () => Promise<T>): Promise<T> {
	crash(`payments:before-provider-${request}`);
	const answered = await patiently(orderId, request, answer());
	crash(`payments:after-provider-${request}`);
	return answered;
}

/** What the provider's books say of a payment now; undefined when the authorization never arrived. Throws ProviderUnanswered. */
export function look(provider: Provider, { order_id, provider_key }: PaymentRow): Promise<Answer | undefined> {
	return patiently(order_id, "find", provider.find(provider_key));
}

async function patiently<T>(orderId: number, request: string, answer: Promise<T>): Promise<T> {
	try {
		return await answerWithin(TIMEOUT_MS, `${request} of order ${orderId}`, answer);
	} catch (error) {
		throw error instanceof ProviderTimeout ? new ProviderUnanswered(orderId) : error;
	}
}

/** One of several units of the same cause, with a name of its own. The client's key belongs to the one that answers. */
export const step = ({ origin }: Caused, name: string): Caused => ({
	origin: { ...origin, unit: `${origin.unit}/${name}`, idempotency: undefined }
});

/** A unit that records what the provider did: it has no deadline, for that is done, however late it is. */
export const record = (cause: Caused, name: string): Caused => {
	const { origin } = step(cause, name);
	return { origin: { ...origin, deadline: undefined } };
};
