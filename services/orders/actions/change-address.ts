import { VersionConflict } from "../../../broker/errors.ts";
import type { Handler } from "../../../broker/service.ts";
import { goesTo, isHeldFor } from "../hold.ts";
import { AddressNotShippable, OrderNotHeld } from "../orders.errors.ts";
import type { OrdersService } from "../orders.service.ts";
import { find, record } from "../orders.store.ts";
import { releaseFrom } from "../sagas/held.ts";

/** Gives an order that is held for its address another one: it goes on, unless something else holds it. */
export const changeAddress: Handler<"orders.changeAddress", OrdersService> = async function (ctx) {
	const { id, ...address } = ctx.params;
	ctx.assertOwner((await find(this.store, id)).userId);
	const { ships } = await ctx.call("shipping.check", { address });
	return this.store.transact(ctx, async unit => {
		const order = await find(unit, id);
		// Asked again because the answer was lost, it goes there already.
		if (!isHeldFor(order, "ADDRESS")) {
			if (goesTo(order, address)) return order;
			throw new OrderNotHeld(id, order.status, "ADDRESS");
		}
		if (ctx.ifMatch !== undefined && ctx.ifMatch !== order.version)
			throw new VersionConflict(ctx.ifMatch, order.version);
		if (!ships) throw new AddressNotShippable(address.country);
		const changed = await record(unit, id, { type: "address_changed", data: { shippingAddress: address } });
		return releaseFrom(this, unit, changed!, "ADDRESS");
	});
};
