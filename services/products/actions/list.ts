import type { Handler } from "../../../broker/service.ts";
import { page } from "../pages.store.ts";
import type { ProductsService } from "../products.service.ts";

export const list: Handler<"products.list", ProductsService> = function (ctx) {
	return page(this.store, ctx.params);
};
