import type { Store, Unit } from "../../broker/sql/store.ts";
import type { Price } from "./products.contract.ts";
import { pageFrom } from "../../broker/page.ts";
import { ProductNotFound } from "./products.errors.ts";

interface PriceRow {
	id: number;
	price: number;
	currency: string;
	user_id: number | null;
	at: string;
}

/** Keeps the price that a product has from now on, and who gave it. */
export function notePrice(
	unit: Unit,
	{ id, price, currency }: { id: number; price: number; currency: string },
	userId?: number
): void {
	unit.append("product_prices", { product_id: id, price, currency, user_id: userId ?? null, at: unit.now });
}

/** The prices of a product, also of one that is not sold any more. Throws ProductNotFound. */
export async function pricesOf(
	store: Store,
	{ id, limit, after }: { id: number; limit: number; after?: number | undefined }
): Promise<{ items: Price[]; next?: number }> {
	const rows = await store.all<PriceRow>(
		`SELECT id, price, currency, user_id, at FROM product_prices
		WHERE product_id = ? ${after === undefined ? "" : "AND id < ?"} ORDER BY id DESC LIMIT ?`,
		[id, ...(after === undefined ? [] : [after]), limit + 1]
	);
	if (rows.length === 0 && after === undefined) throw new ProductNotFound(id);
	return pageFrom(rows, limit, ({ user_id, ...row }) => ({ ...row, userId: user_id ?? undefined }));
}
