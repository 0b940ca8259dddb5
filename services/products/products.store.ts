import type { Rows } from "../../broker/rows.ts";
import { rowsWith, wordsIn } from "../../broker/sql/full-text.ts";
import { oneOf, type Value } from "../../broker/sql/sql.ts";
import type { Store, Unit } from "../../broker/sql/store.ts";
import { type Details, searchable } from "./product.ts";
import type { Product, Sort } from "./products.contract.ts";
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

const COLUMNS = "id, name, description, price, currency, category_id, images, created_at, updated_at, version";
const IS_SOLD = "removed_at IS NULL AND listed = 1";
const SOLD = `SELECT ${COLUMNS} FROM products WHERE ${IS_SOLD}`;

const productOf = ({ category_id, images, created_at, updated_at, ...row }: ProductRow): Product => ({
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

/** How a page of each order continues after a product, and how it is sorted. The id decides between equals. */
const SORTS: Record<Exclude<Sort, "relevance">, { beyond: string; by: string }> = {
	id: { beyond: "id > ?", by: "id" },
	"-id": { beyond: "id < ?", by: "id DESC" },
	name: { beyond: "(name, id) > (SELECT name, id FROM products WHERE id = ?)", by: "name, id" },
	"-name": { beyond: "(name, id) < (SELECT name, id FROM products WHERE id = ?)", by: "name DESC, id DESC" },
	price: { beyond: "(price, id) > (SELECT price, id FROM products WHERE id = ?)", by: "price, id" },
	"-price": { beyond: "(price, id) < (SELECT price, id FROM products WHERE id = ?)", by: "price DESC, id DESC" }
};

export interface Wanted {
	search?: string | undefined;
	categoryId?: number | undefined;
	sort?: Sort | undefined;
	limit: number;
	after?: number | undefined;
}

/** A page of the catalogue. Not by Sequelize: it knows neither keysets by two columns nor words. */
export async function page(store: Store, wanted: Wanted): Promise<{ items: Product[]; next?: number }> {
	const words = wanted.search === undefined ? undefined : wordsIn(wanted.search);
	if (words?.length === 0) return { items: [] };
	const { sql, values } = queryFor(store, wanted, words);
	const rows = await store.all<ProductRow>(sql, [...values, wanted.limit + 1]);
	const items = rows.slice(0, wanted.limit).map(productOf);
	return rows.length > wanted.limit ? { items, next: items.at(-1)!.id } : { items };
}

function queryFor(
	{ database: { dialect } }: Store,
	{ categoryId, after, sort = "relevance" }: Wanted,
	words: readonly string[] | undefined
): { sql: string; values: Value[] } {
	const inCategory = categoryId === undefined ? "" : "AND category_id = ?";
	const also = categoryId === undefined ? [] : [categoryId];
	const last = after === undefined ? [] : [after];
	const found = words && rowsWith(dialect, "products", words);
	if (found && sort === "relevance") {
		const beyond = after === undefined ? "" : "AND (score, id) > (SELECT score, id FROM found WHERE id = ?)";
		return {
			// The words are looked up first and once: never product by product.
			sql: `SELECT ${COLUMNS} FROM (
				WITH found AS MATERIALIZED (${found.sql})
				SELECT ${COLUMNS}, score FROM found JOIN products USING (id) WHERE ${IS_SOLD} ${inCategory} ${beyond}
			) AS page ORDER BY score, id LIMIT ?`,
			values: [...found.values, ...also, ...last]
		};
	}
	const { beyond, by } = SORTS[sort === "relevance" ? "id" : sort];
	const matching = found ? `AND id IN (SELECT id FROM (${found.sql}) AS found)` : "";
	return {
		sql: `${SOLD} ${inCategory} ${matching} ${after === undefined ? "" : `AND ${beyond}`} ORDER BY ${by} LIMIT ?`,
		values: [...also, ...(found?.values ?? []), ...last]
	};
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
