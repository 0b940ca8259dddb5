import type { Rows } from "../../broker/rows.ts";
import { oneOf } from "../../broker/sql/sql.ts";
import type { Store, Unit } from "../../broker/sql/store.ts";
import { type Details, patternOf, searchable } from "./product.ts";
import type { Product, Sort } from "./products.contract.ts";
import { ProductNotFound } from "./products.errors.ts";

export interface ProductRow {
	id: number;
	name: string;
	description: string;
	price: number;
	currency: string;
	created_at: string;
	updated_at: string;
	version: number;
}

const COLUMNS = "id, name, description, price, currency, created_at, updated_at, version";
const SOLD = `SELECT ${COLUMNS} FROM products WHERE removed_at IS NULL`;

const productOf = ({ created_at, updated_at, ...row }: ProductRow): Product => ({
	...row,
	createdAt: created_at,
	updatedAt: updated_at
});

/** What a subject of a product's events is called. */
export const subjectOf = (id: number): string => `product/${id}`;

/** Those of the rows that are sold, in one query however many are asked for. */
export function load(store: Store, ids: readonly number[]): Promise<ProductRow[]> {
	const these = oneOf("id", ids);
	return store.all<ProductRow>(`${SOLD} AND ${these.sql}`, these.values);
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

/** How a page of each order continues after a product, and how it is sorted. The id decides between equals. */
const SORTS: Record<Sort, { beyond: string; by: string }> = {
	id: { beyond: "id > ?", by: "id" },
	"-id": { beyond: "id < ?", by: "id DESC" },
	name: { beyond: "(name, id) > (SELECT name, id FROM products WHERE id = ?)", by: "name, id" },
	"-name": { beyond: "(name, id) < (SELECT name, id FROM products WHERE id = ?)", by: "name DESC, id DESC" },
	price: { beyond: "(price, id) > (SELECT price, id FROM products WHERE id = ?)", by: "price, id" },
	"-price": { beyond: "(price, id) < (SELECT price, id FROM products WHERE id = ?)", by: "price DESC, id DESC" }
};

/** A page of the catalogue. Not by Sequelize: it knows neither keysets by two columns nor LIKE with an escape. */
export async function page(
	store: Store,
	{ search, sort, limit, after }: { search?: string; sort: Sort; limit: number; after?: number }
): Promise<{ items: Product[]; next?: number }> {
	const { beyond, by } = SORTS[sort];
	const matching = search === undefined ? "" : "AND search LIKE ? ESCAPE '\\'";
	const following = after === undefined ? "" : `AND ${beyond}`;
	const rows = await store.all<ProductRow>(`${SOLD} ${matching} ${following} ORDER BY ${by} LIMIT ?`, [
		...(search === undefined ? [] : [patternOf(search)]),
		...(after === undefined ? [] : [after]),
		limit + 1
	]);
	const items = rows.slice(0, limit).map(productOf);
	return rows.length > limit ? { items, next: items.at(-1)!.id } : { items };
}

/** Writes a new product. */
export async function insert(unit: Unit, details: Details): Promise<Product> {
	const { name, description, price, currency } = details;
	const row = await unit.get<ProductRow>(
		`INSERT INTO products (name, description, price, currency, search, created_at, updated_at)
		VALUES (?, ?, ?, ?, ?, ?, ?) RETURNING ${COLUMNS}`,
		[name, description, price, currency, searchable(details), unit.now, unit.now]
	);
	return productOf(row!);
}

/** Writes the next version of a product. */
export async function replace(unit: Unit, product: Product): Promise<void> {
	const { id, name, description, price, currency, updatedAt, version } = product;
	await unit.run(
		`UPDATE products SET name = ?, description = ?, price = ?, currency = ?, search = ?, updated_at = ?, version = ?
		WHERE id = ? AND version = ?`,
		[name, description, price, currency, searchable(product), updatedAt, version, id, version - 1]
	);
}

/** Marks a product as removed; its row stays. */
export async function markRemoved(unit: Unit, { id, version }: Product): Promise<void> {
	await unit.run(
		"UPDATE products SET removed_at = ?, updated_at = ?, version = version + 1 WHERE id = ? AND version = ?",
		[unit.now, unit.now, id, version]
	);
}

/** A row of the demo catalogue. */
export function plant(unit: Unit, id: number, details: Details): void {
	const times = { created_at: unit.now, updated_at: unit.now };
	unit.append("products", { id, ...details, search: searchable(details), ...times });
}
