import type { Call } from "../../../broker/context.ts";
import { codeOf } from "../../../broker/errors.ts";
import type { Handler } from "../../../broker/service.ts";
import { UnsubscribeLinkInvalid } from "../notifications.errors.ts";
import type { NotificationsService } from "../notifications.service.ts";
import { recipientOf } from "../recipient.ts";
import { pageOf, type Subscription, subscriptionIn } from "../subscription.ts";

/** Asks whether messages shall stop; nothing changes by asking. */
export const unsubscribePage: Handler<"notifications.unsubscribePage", NotificationsService> = async function (ctx) {
	const subscription = read(this, ctx.params.token);
	return pageOf(subscription, await languageOf(ctx, subscription), false);
};

/** Stops messages of one kind on one channel. Who is gone gets none already. */
export const unsubscribe: Handler<"notifications.unsubscribe", NotificationsService> = async function (ctx) {
	const subscription = read(this, ctx.params.token);
	const { userId, topic, channel } = subscription;
	const language = await languageOf(ctx, subscription);
	try {
		await ctx.call("users.mute", { id: userId, kind: topic, channel });
	} catch (error) {
		if (codeOf(error) !== "USER_NOT_FOUND") throw error;
	}
	return pageOf(subscription, language, true);
};

/** Throws UnsubscribeLinkInvalid. */
function read({ secret }: NotificationsService, token: string): Subscription {
	const subscription = subscriptionIn(token, secret);
	if (!subscription) throw new UnsubscribeLinkInvalid();
	return subscription;
}

const languageOf = async (ctx: { call: Call }, { userId }: Subscription): Promise<string> =>
	(await recipientOf(ctx, userId))?.preferences.language ?? "en";
