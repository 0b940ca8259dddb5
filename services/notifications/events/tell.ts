import type { Events } from "../../../broker/contract.ts";
import type { EventHandler } from "../../../broker/service.ts";
import { aboutOf, letterOf } from "../letters.ts";
import type { NotificationsService } from "../notifications.service.ts";
import { hasDeparted, insert } from "../notifications.store.ts";
import { recipientOf } from "../recipient.ts";
import { addressesOf, topicOf } from "../subscription.ts";
import type { Facts, Told } from "../words.ts";

/** Tells a customer of an event, once by each channel they wish. Nobody to write to is nothing to wait for. */
export const tell = <Type extends Told & keyof Events>(
	type: Type,
	whom: (facts: Events[Type]) => number | undefined
): EventHandler<Type, NotificationsService> =>
	async function (event, ctx) {
		const userId = whom(event.data);
		const to = userId === undefined ? undefined : await recipientOf(ctx, userId);
		const addresses = to ? addressesOf(to, topicOf(type)) : [];
		const about = aboutOf({ ...event, type });
		const messageIds = addresses.map(() => this.newMessageId());
		await ctx.once(async unit => {
			if (!to || addresses.length === 0 || (await hasDeparted(unit, to.id))) return;
			const { language } = to.preferences;
			const { subject, text, html, short } = letterOf(type, event.data as Events[Type] & Facts[Type], {
				name: to.name,
				language
			});
			for (const [index, { channel, address }] of addresses.entries())
				await insert(unit, {
					kind: type,
					about,
					channel,
					userId: to.id,
					recipient: address,
					recipientName: to.name,
					language,
					subject,
					...(channel === "email" ? { text, html } : { text: short, html: "" }),
					messageId: messageIds[index]!,
					origin: ctx.origin
				});
			unit.afterCommit(() => this.sender.wake());
		});
	};
