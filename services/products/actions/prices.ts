import type { Handler } from "../../../broker/service.ts";
import { pricesOf } from "../prices.store.ts";
import type { ProductsService } from "../products.service.ts";

export const prices: Handler<"products.prices", ProductsService> = function (ctx) {
	return pricesOf(this.store, ctx.params);
};
