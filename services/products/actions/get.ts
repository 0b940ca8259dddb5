import type { Handler } from "../../../broker/service.ts";
import type { ProductsService } from "../products.service.ts";
import { read } from "../products.store.ts";

export const get: Handler<"products.get", ProductsService> = function (ctx) {
	return read(this.rows, ctx.params.id);
};
