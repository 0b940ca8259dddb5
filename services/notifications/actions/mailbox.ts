import type { Handler } from "../../../broker/service.ts";
import { mailsIn } from "../mailbox.ts";
import type { NotificationsService } from "../notifications.service.ts";

/** The mails in the folder that stands in for a mail server. */
export const mailbox: Handler<"notifications.mailbox", NotificationsService> = async function (ctx) {
	const { limit, after } = ctx.params;
	const found = await mailsIn(this.mailboxFolder, limit + 1, after);
	const items = found.slice(0, limit);
	return found.length > limit ? { items, next: items.at(-1)!.id } : { items };
};
