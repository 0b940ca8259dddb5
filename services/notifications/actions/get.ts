import type { Handler } from "../../../broker/service.ts";
import type { NotificationsService } from "../notifications.service.ts";
import { find, notificationOf } from "../notifications.store.ts";

/** One message. */
export const get: Handler<"notifications.get", NotificationsService> = async function (ctx) {
	const row = await find(this.store, ctx.params.id);
	ctx.assertOwner(row.user_id);
	return notificationOf(row, ctx.is("staff"));
};
