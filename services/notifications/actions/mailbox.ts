import type { Handler } from "../../../broker/service.ts";
import { mailsIn } from "../mailbox.ts";
import { pageFrom } from "../../../broker/page.ts";
import type { NotificationsService } from "../notifications.service.ts";

/** The mails in the folder that stands in for a mail server. */
export const mailbox: Handler<"notifications.mailbox", NotificationsService> = async function (ctx) {
	const { limit, after } = ctx.params;
	const found = await mailsIn(this.mailboxFolder, limit + 1, after);
	return pageFrom(found, limit, item => item);
};
