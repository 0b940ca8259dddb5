import type { Product } from "./products.contract.ts";

/** What a person says of a product. */
export type Details = Pick<Product, "name" | "description" | "price" | "currency">;

/** A text as searches see it: case and the many ways to write a letter make no difference. */
const folded = (text: string): string => text.normalize("NFKC").toLowerCase();

/** All of a product that a search looks through; no search spans the line between name and description. */
export const searchable = ({ name, description }: Pick<Details, "name" | "description">): string =>
	folded(`${name}\n${description}`);

/** The LIKE pattern, with `\` as its escape, of texts that have `search` in them literally. */
export const patternOf = (search: string): string => `%${folded(search).replace(/[\\%_]/g, "\\$&")}%`;

/** A product with other details: its next version, and the price it had when that changed. */
export function changed(before: Product, details: Details, at: string): { product: Product; previousPrice?: number } {
	const product = { ...before, ...details, updatedAt: at, version: before.version + 1 };
	return before.price === product.price ? { product } : { product, previousPrice: before.price };
}
