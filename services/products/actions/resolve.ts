import type { Handler } from "../../../broker/service.ts";
import type { ProductsService } from "../products.service.ts";
import { readAll } from "../products.store.ts";

/** On the way of every order. */
export const resolve: Handler<"products.resolve", ProductsService> = async function (ctx) {
	return { items: await readAll(this.rows, ctx.params.ids) };
};
