import { serve, service } from "../../broker/service.ts";
import { idsTaken } from "../../broker/sql/ids-taken.ts";
import catalogue from "../../data/seeds/products.json" with { type: "json" };
import { inbox, type InboxService } from "../../mixins/inbox.mixin.ts";
import { outbox } from "../../mixins/outbox.mixin.ts";
import { rows, type RowsService } from "../../mixins/rows.mixin.ts";
import { store } from "../../mixins/store.mixin.ts";
import { categories, category, createCategory, removeCategory, renameCategory } from "./actions/categories.ts";
import { create } from "./actions/create.ts";
import { get } from "./actions/get.ts";
import { importLines } from "./actions/import.ts";
import { imports } from "./actions/imports.ts";
import { list } from "./actions/list.ts";
import { prices } from "./actions/prices.ts";
import { remove } from "./actions/remove.ts";
import { resolve } from "./actions/resolve.ts";
import { update } from "./actions/update.ts";
import { onInventoryStocked } from "./events/inventory-stocked.ts";
import { products } from "./products.contract.ts";
import { load, plant, type ProductRow } from "./products.store.ts";

export type ProductsService = InboxService & RowsService<ProductRow>;

export default service<ProductsService>({
	name: "products",
	mixins: [
		store<ProductsService>({
			seed:
				async ({ store }) =>
				async unit => {
					await idsTaken(unit, store.database, "products", "id", catalogue.at(-1)!.id);
					for (const { id, ...details } of catalogue) plant(unit, id, details);
				}
		}),
		rows(load),
		outbox(),
		inbox({ "inventory.stocked": onInventoryStocked })
	],
	actions: serve(products, {
		...{ list, get, create, update, remove, resolve, prices, imports, import: importLines },
		...{ categories, category, createCategory, renameCategory, removeCategory }
	})
});
