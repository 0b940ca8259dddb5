import type { EventHandler } from "../../../broker/service.ts";
import type { ShippingService } from "../shipping.service.ts";
import { eraseUser } from "../shipping.store.ts";

/** A user's account was removed: what names them goes with it, at once or as soon as it is not needed any more. */
export const onUserDeleted: EventHandler<"user.deleted", ShippingService> = async function (event, ctx) {
	await ctx.once(unit => eraseUser(unit, event.data.userId));
};
