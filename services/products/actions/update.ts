import type { Handler } from "../../../broker/service.ts";
import { assertCategory } from "../categories.store.ts";
import { assertExpected } from "../guards.ts";
import { notePrice } from "../prices.store.ts";
import { changed } from "../product.ts";
import type { ProductsService } from "../products.service.ts";
import { find, replace, subjectOf } from "../products.store.ts";
import { whoIs } from "../who-is.ts";

export const update: Handler<"products.update", ProductsService> = function (ctx) {
	const { id, ...details } = ctx.params;
	return this.store.transact(ctx, async unit => {
		const before = await find(unit, id);
		assertExpected(before, ctx.ifMatch);
		await assertCategory(unit, details.categoryId);
		const { product, ...change } = changed(before, details, unit.now);
		await replace(unit, product);
		if (change.previousPrice !== undefined) notePrice(unit, product, whoIs(ctx));
		this.rows.forget(unit, id);
		unit.emit("product.updated", subjectOf(id), { product, ...change }, product.version);
		return product;
	});
};
