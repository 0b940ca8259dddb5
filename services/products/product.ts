import { searchText } from "../../broker/words.ts";
import type { Field, Product } from "./products.contract.ts";

/** What a person says of a product. */
export type Details = Pick<Product, Field>;

const FIELDS: readonly Field[] = ["name", "description", "price", "currency", "categoryId", "images"];

/** All of a product that a search looks through; what stands in the name counts more. */
export const searchable = ({ name, description }: Pick<Details, "name" | "description">): string =>
	searchText(name, description);

/** What has changed about a product. */
interface Change {
	product: Product;
	/** The fields that are others now. */
	changed: Field[];
	/** The price it had, when that changed. */
	previousPrice?: number;
}

/** A product with other details: its next version, what is new about it, and the price it had when that changed. */
export function changed(before: Product, details: Details, at: string): Change {
	const { name, description, price, currency, categoryId, images } = details;
	const said = { name, description, price, currency, categoryId, images };
	const product = { ...before, ...said, updatedAt: at, version: before.version + 1 };
	const differs = (field: Field) => JSON.stringify(before[field]) !== JSON.stringify(product[field]);
	const change = { product, changed: FIELDS.filter(differs) };
	return before.price === product.price ? change : { ...change, previousPrice: before.price };
}
