import type { EventHandler } from "../../../broker/service.ts";
import { markListed } from "../imports.store.ts";
import type { ProductsService } from "../products.service.ts";
import { showImported, subjectOf } from "../products.store.ts";

/** The stock of imported products stands: from now on they are sold. */
export const onInventoryStocked: EventHandler<"inventory.stocked", ProductsService> = async function (event, ctx) {
	const { importId } = event.data;
	await ctx.once(async unit => {
		for (const product of await showImported(unit, importId))
			unit.emit("product.created", subjectOf(product.id), { product }, product.version);
		await markListed(unit, importId);
	});
};
