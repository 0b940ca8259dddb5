import type { Env } from "../../broker/env.ts";
import type { Logger } from "../../broker/service.ts";
import { eml, type Letterhead } from "./eml.ts";
import { logOutlet } from "./log-outlet.ts";
import { mailboxFolder } from "./mailbox.ts";
import type { Message, Outlets } from "./outlet.ts";
import { smtp } from "./smtp.ts";
import { tokenOf, topicOf } from "./subscription.ts";

interface Means {
	mailboxFolder: string;
	secret: string;
	logger: Logger;
}

/** The ways out of this process: a mail server where one is named, else the folder; SMS and webhooks have no carrier yet. */
export function outletsOf(
	{ SMTP_URL, MAIL_FROM, PUBLIC_URL, HOST, PORT }: Pick<Env, "SMTP_URL" | "MAIL_FROM" | "PUBLIC_URL" | "HOST" | "PORT">,
	{ mailboxFolder: folder, secret, logger }: Means
): Outlets {
	const base = (PUBLIC_URL ?? `http://${HOST}:${PORT}`).replace(/\/+$/, "");
	const letterhead: Letterhead = {
		from: MAIL_FROM,
		linkFor: ({ userId, kind }) =>
			`${base}/unsubscribe/${tokenOf({ userId, topic: topicOf(kind), channel: "email" }, secret)}`
	};
	const compose = (message: Message) => eml(message, letterhead);
	return {
		email: SMTP_URL === undefined ? mailboxFolder(folder, compose) : smtp(SMTP_URL, MAIL_FROM, compose),
		sms: logOutlet("SMS", logger),
		webhook: logOutlet("webhook", logger)
	};
}
