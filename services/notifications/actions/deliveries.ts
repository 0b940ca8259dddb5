import type { Handler } from "../../../broker/service.ts";
import { deliveriesOf } from "../deliveries.store.ts";
import type { NotificationsService } from "../notifications.service.ts";
import { find } from "../notifications.store.ts";

/** Every try to send a message. */
export const deliveries: Handler<"notifications.deliveries", NotificationsService> = async function (ctx) {
	const { id, limit, after } = ctx.params;
	await find(this.store, id);
	const found = await deliveriesOf(this.store, id, limit + 1, after);
	const items = found.slice(0, limit);
	return found.length > limit ? { items, next: items.at(-1)!.number } : { items };
};
