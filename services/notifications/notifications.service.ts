import { join } from "node:path";
import { uuid7 } from "../../broker/ids.ts";
import { keptSecret, keyFile } from "../../broker/key-files.ts";
import { runtimeOf } from "../../broker/runtime.ts";
import { serve, service } from "../../broker/service.ts";
import { inbox, type InboxService } from "../../mixins/inbox.mixin.ts";
import { outbox } from "../../mixins/outbox.mixin.ts";
import { store } from "../../mixins/store.mixin.ts";
import { create } from "./actions/create.ts";
import { deliveries } from "./actions/deliveries.ts";
import { get } from "./actions/get.ts";
import { list, listOfUser } from "./actions/list.ts";
import { mailbox } from "./actions/mailbox.ts";
import { remove } from "./actions/remove.ts";
import { send } from "./actions/send.ts";
import { unsubscribe, unsubscribePage } from "./actions/unsubscribe.ts";
import { tell } from "./events/tell.ts";
import { onUserDeleted } from "./events/user-deleted.ts";
import { notifications } from "./notifications.contract.ts";
import type { Patience } from "./notifications.lane.ts";
import { outletsOf } from "./notifications.outlets.ts";
import { Sender } from "./notifications.sender.ts";
import { model } from "./notifications.store.ts";

export type NotificationsService = InboxService & {
	settings: { sending: Patience };
	sender: Sender;
	/** What links in messages are signed with. */
	secret: string;
	/** Where mail goes that no server takes. */
	mailboxFolder: string;
	newMessageId(): string;
};

/** Whoever opened a task wants to know; what an order's plan opened, nobody asked for. */
const itsOpener = ({ task }: { task: { createdBy?: number | undefined } }): number | undefined => task.createdBy;
const theUser = ({ userId }: { userId: number }): number => userId;

export default service<NotificationsService>({
	name: "notifications",
	settings: { sending: { tries: 10, firstPauseMs: 1_000, longestPauseMs: 300_000, pollMs: 1_000 } },
	mixins: [
		store<NotificationsService>({ model }),
		outbox(),
		inbox({
			"user.created": tell("user.created", theUser),
			"user.deleted": onUserDeleted,
			"order.held": tell("order.held", theUser),
			"order.confirmed": tell("order.confirmed", theUser),
			"order.cancelled": tell("order.cancelled", theUser),
			"order.shipped": tell("order.shipped", theUser),
			"order.delivered": tell("order.delivered", theUser),
			"payment.refunded": tell("payment.refunded", theUser),
			"return.requested": tell("return.requested", theUser),
			"return.refused": tell("return.refused", theUser),
			"return.completed": tell("return.completed", theUser),
			"task.completed": tell("task.completed", itsOpener)
		})
	],
	actions: serve(notifications, {
		list,
		listOfUser,
		get,
		deliveries,
		create,
		send,
		remove,
		unsubscribePage,
		unsubscribe,
		mailbox
	}),
	started() {
		const { env, ready, quieting } = runtimeOf(this.broker);
		this.secret = env.UNSUBSCRIBE_SECRET ?? keptSecret(keyFile(env.DATA_DIR, "unsubscribe.key"));
		this.mailboxFolder = join(env.DATA_DIR, "mailbox");
		const { mailboxFolder, secret, logger } = this;
		this.sender = new Sender(
			this.store,
			outletsOf(env, { mailboxFolder, secret, logger }),
			logger,
			this.settings.sending
		);
		ready.push(() => this.sender.start());
		quieting.push(() => this.sender.stop());
	},
	methods: {
		newMessageId() {
			const { MAIL_FROM } = runtimeOf(this.broker).env;
			return `${uuid7()}@${MAIL_FROM.slice(MAIL_FROM.lastIndexOf("@") + 1)}`;
		}
	}
});
