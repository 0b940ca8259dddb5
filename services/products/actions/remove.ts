import type { Handler } from "../../../broker/service.ts";
import { assertExpected } from "../guards.ts";
import type { ProductsService } from "../products.service.ts";
import { find, markRemoved, subjectOf } from "../products.store.ts";

export const remove: Handler<"products.remove", ProductsService> = function (ctx) {
	return this.store.transact(ctx, async unit => {
		const product = await find(unit, ctx.params.id);
		assertExpected(product, ctx.ifMatch);
		await markRemoved(unit, product);
		this.rows.forget(unit, product.id);
		unit.emit("product.deleted", subjectOf(product.id), { product }, product.version + 1);
		return null;
	});
};
