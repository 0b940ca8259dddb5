import type { Handler } from "../../../broker/service.ts";
import type { NotificationsService } from "../notifications.service.ts";
import { notificationOf, type NotificationRow } from "../notifications.store.ts";

/** A customer's own messages; for staff, everybody's. */
export const list: Handler<"notifications.list", NotificationsService> = async function (ctx) {
	const { limit, after, ...filter } = ctx.params;
	const staff = ctx.is("staff");
	const where = { removed_at: null, ...filter, ...(staff ? {} : { user_id: ctx.userId() }) };
	const { items, ...more } = await this.page<NotificationRow>({ where, limit, after });
	return { items: items.map(row => notificationOf(row, staff)), ...more };
};

/** What was sent to one user. */
export const listOfUser: Handler<"notifications.listOfUser", NotificationsService> = async function (ctx) {
	const { id, ...request } = ctx.params;
	ctx.assertOwner(id);
	const where = { removed_at: null, user_id: id };
	const { items, ...more } = await this.page<NotificationRow>({ where, ...request });
	return { items: items.map(row => notificationOf(row, ctx.is("staff"))), ...more };
};
