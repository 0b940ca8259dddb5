import type { Handler } from "../../../broker/service.ts";
import { assertCategory } from "../categories.store.ts";
import type { ProductsService } from "../products.service.ts";
import { insert, subjectOf } from "../products.store.ts";
import { whoIs } from "../who-is.ts";

export const create: Handler<"products.create", ProductsService> = function (ctx) {
	return this.store.transact(ctx, async unit => {
		await assertCategory(unit, ctx.params.categoryId);
		const product = await insert(unit, ctx.params, whoIs(ctx));
		unit.emit("product.created", subjectOf(product.id), { product }, product.version);
		return product;
	});
};
