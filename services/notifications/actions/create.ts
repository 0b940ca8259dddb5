import { uuid7 } from "../../../broker/ids.ts";
import type { Handler } from "../../../broker/service.ts";
import { letterFrom } from "../letters.ts";
import { RecipientNotFound, RecipientUnreachable } from "../notifications.errors.ts";
import type { NotificationsService } from "../notifications.service.ts";
import { hasDeparted, insert, notificationOf } from "../notifications.store.ts";
import { recipientOf } from "../recipient.ts";
import { addressesOf, topicOf } from "../subscription.ts";

/** Writes a message to a user. */
export const create: Handler<"notifications.create", NotificationsService> = async function (ctx) {
	const { userId, channel, subject, text } = ctx.params;
	const to = await recipientOf(ctx, userId);
	const about = `message/${uuid7()}`;
	const messageId = this.newMessageId();
	const { short, ...letter } = letterFrom(subject, text);
	const said = channel === "email" ? letter : { ...letter, text: short, html: "" };
	return this.store.transact(ctx, async unit => {
		// Inside, where a repeated key is answered first: the user may have gone since.
		if (!to || (await hasDeparted(unit, userId))) throw new RecipientNotFound(userId);
		const [at] = addressesOf(to, topicOf("message")).filter(one => one.channel === channel);
		if (!at) throw new RecipientUnreachable(userId, channel);
		const row = await insert(unit, {
			kind: "message",
			about,
			channel,
			userId,
			recipient: at.address,
			recipientName: to.name,
			language: to.preferences.language,
			...said,
			messageId,
			origin: ctx.origin
		});
		unit.afterCommit(() => this.sender.wake());
		return notificationOf(row!, true);
	});
};
