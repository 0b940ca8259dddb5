import type { EventHandler } from "../../../broker/service.ts";
import type { NotificationsService } from "../notifications.service.ts";
import { forget } from "../notifications.store.ts";

/** Is quiet from now on: what waits is not sent, and what was kept of the person is erased. */
export const onUserDeleted: EventHandler<"user.deleted", NotificationsService> = async function (event, ctx) {
	await ctx.once(unit => forget(unit, event.data.userId));
};
