import type { Rows } from "../../broker/rows.ts";
import { oneOf } from "../../broker/sql/sql.ts";
import type { Store, Unit } from "../../broker/sql/store.ts";
import { type Details, searchable } from "./product.ts";
import type { Product } from "./products.contract.ts";
import { ProductNotFound } from "./products.errors.ts";
import { notePrice } from "./prices.store.ts";

export interface ProductRow {
	id: number;
	name: string;
	description: string;
	price: number;
	currency: string;
	category_id: number | null;
	images: string;
	created_at: string;
	updated_at: string;
	version: number;
}

export const COLUMNS = "id, name, description, price, currency, category_id, images, created_at, updated_at, version";
/** What is for sale: neither removed, nor still waiting for its stock. */
export const IS_SOLD = "removed_at IS NULL AND listed = 1";
const SOLD = `SELECT ${COLUMNS} FROM products WHERE ${IS_SOLD}`;

/** A row as the contract shows it. */
export const productOf = ({ category_id, images, created_at, updated_at, ...row }: ProductRow): Product => ({
	...row,
	...(category_id !== null && { categoryId: category_id }),
	images: JSON.parse(images) as string[],
	createdAt: created_at,
	updatedAt: updated_at
});

/** What a subject of a product's events is called. */
export const subjectOf = (id: number): string => `product/${id}`;

/** Those of the rows that are sold, in one query however many are asked for. */
export function load(store: Store, ids: readonly number[]): Promise<ProductRow[]> {
	const these = oneOf("id", ids);
	return store.all<ProductRow>(`${SOLD} AND ${these.sql} ORDER BY id`, these.values);
}

/** One product, to be read. Throws ProductNotFound. */
export async function read(rows: Rows<ProductRow>, id: number): Promise<Product> {
	const row = await rows.get(id);
	if (!row) throw new ProductNotFound(id);
	return productOf(row);
}

/** Those of the products that are sold. */
export async function readAll(rows: Rows<ProductRow>, ids: readonly number[]): Promise<Product[]> {
	return (await rows.many(ids)).map(productOf);
}

/** One product, to be changed. Throws ProductNotFound. */
export async function find(unit: Unit, id: number): Promise<Product> {
	const row = await unit.get<ProductRow>(`${SOLD} AND id = ?`, [id]);
	if (!row) throw new ProductNotFound(id);
	return productOf(row);
}

/** Writes a new product. One that comes with an import is not listed yet. */
export async function insert(unit: Unit, details: Details, userId?: number, importId?: number): Promise<Product> {
	const { name, description, price, currency, categoryId = null, images } = details;
	const row = await unit.get<ProductRow>(
		`INSERT INTO products (name, description, price, currency, category_id, images, search, import_id, listed, created_at, updated_at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING ${COLUMNS}`,
		[
			...[name, description, price, currency, categoryId, JSON.stringify(images), searchable(details)],
			...[importId ?? null, importId === undefined ? 1 : 0, unit.now, unit.now]
		]
	);
	notePrice(unit, row!, userId);
	return productOf(row!);
}

/** Writes the next version of a product. */
export async function replace(unit: Unit, product: Product): Promise<void> {
	const { id, name, description, price, currency, categoryId = null, images, updatedAt, version } = product;
	await unit.run(
		`UPDATE products SET name = ?, description = ?, price = ?, currency = ?, category_id = ?, images = ?, search = ?,
			updated_at = ?, version = ?
		WHERE id = ? AND version = ?`,
		[
			...[name, description, price, currency, categoryId, JSON.stringify(images), searchable(product)],
			...[updatedAt, version, id, version - 1]
		]
	);
}

/** Marks a product as removed; its row stays. */
export async function markRemoved(unit: Unit, { id, version }: Product): Promise<void> {
	await unit.run(
		"UPDATE products SET removed_at = ?, updated_at = ?, version = version + 1 WHERE id = ? AND version = ?",
		[unit.now, unit.now, id, version]
	);
}

/** Shows the products of an import, and resolves to them; to none where they are shown already. */
export async function showImported(unit: Unit, importId: number): Promise<Product[]> {
	const rows = await unit.all<ProductRow>(
		`UPDATE products SET listed = 1 WHERE import_id = ? AND listed = 0 RETURNING ${COLUMNS}`,
		[importId]
	);
	return rows.map(productOf).sort((one, other) => one.id - other.id);
}

/** A row of the demo catalogue. */
export function plant(
	unit: Unit,
	id: number,
	details: Pick<Details, "name" | "description" | "price" | "currency">
): void {
	const times = { created_at: unit.now, updated_at: unit.now };
	unit.append("products", { id, ...details, search: searchable(details), ...times });
	notePrice(unit, { id, ...details });
}
