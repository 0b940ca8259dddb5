import type { Handler } from "../../../broker/service.ts";
import { pageOfImports } from "../imports.store.ts";
import type { ProductsService } from "../products.service.ts";

export const imports: Handler<"products.imports", ProductsService> = function (ctx) {
	return pageOfImports(this.store, ctx.params);
};
