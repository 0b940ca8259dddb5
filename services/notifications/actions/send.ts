import type { Handler } from "../../../broker/service.ts";
import { assertExpected } from "../guards.ts";
import type { NotificationsService } from "../notifications.service.ts";
import { find, notificationOf, requeue } from "../notifications.store.ts";

/** Sends a message again, or at once. */
export const send: Handler<"notifications.send", NotificationsService> = function (ctx) {
	const messageId = this.newMessageId();
	return this.store.transact(ctx, async unit => {
		assertExpected(await find(unit, ctx.params.id), ctx.ifMatch);
		const row = await requeue(unit, ctx.params.id, messageId);
		unit.afterCommit(() => this.sender.wake());
		return notificationOf(row!, true);
	});
};
