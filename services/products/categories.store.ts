import { wordsIn } from "../../broker/words.ts";
import { oneOf } from "../../broker/sql/sql.ts";
import type { Store, Unit } from "../../broker/sql/store.ts";
import type { ProductCategory } from "./products.contract.ts";
import { pageFrom } from "../../broker/page.ts";
import { ProductCategoryExists, ProductCategoryInUse, ProductCategoryNotFound } from "./products.errors.ts";

interface CategoryRow {
	id: number;
	name: string;
	created_at: string;
	updated_at: string;
	version: number;
}

const ALL = "SELECT id, name, created_at, updated_at, version FROM product_categories";

const categoryOf = ({ created_at, updated_at, ...row }: CategoryRow): ProductCategory => ({
	...row,
	createdAt: created_at,
	updatedAt: updated_at
});

/** What a subject of a category's events is called. */
export const subjectOf = (id: number): string => `product-category/${id}`;

/** Names that read alike are one name. */
const wordsOf = (name: string): string => wordsIn(name).join(" ") || name;

export async function pageOfCategories(
	store: Store,
	{ limit, after = 0 }: { limit: number; after?: number | undefined }
): Promise<{ items: ProductCategory[]; next?: number }> {
	const rows = await store.all<CategoryRow>(`${ALL} WHERE id > ? ORDER BY id LIMIT ?`, [after, limit + 1]);
	return pageFrom(rows, limit, categoryOf);
}

/** One category. Throws ProductCategoryNotFound. */
export async function findCategory(sql: Pick<Store | Unit, "get">, id: number): Promise<ProductCategory> {
	const row = await sql.get<CategoryRow>(`${ALL} WHERE id = ?`, [id]);
	if (!row) throw new ProductCategoryNotFound(id);
	return categoryOf(row);
}

/** Throws ProductCategoryNotFound where a product is put into a category that is not there. */
export async function assertCategory(unit: Unit, id: number | undefined): Promise<void> {
	if (id !== undefined) await findCategory(unit, id);
}

/** The ids of those of the categories that there are, by the names that were given. */
export async function categoriesNamed(unit: Unit, names: ReadonlySet<string>): Promise<ReadonlyMap<string, number>> {
	const these = oneOf("words", [...new Set([...names].map(wordsOf))]);
	const rows = await unit.all<{ id: number; words: string }>(
		`SELECT id, words FROM product_categories WHERE ${these.sql}`,
		these.values
	);
	const ids = new Map(rows.map(({ id, words }) => [words, id]));
	return new Map([...names].flatMap(name => (ids.has(wordsOf(name)) ? [[name, ids.get(wordsOf(name))!]] : [])));
}

/** Adds a category. Throws ProductCategoryExists. */
export async function insertCategory(unit: Unit, name: string): Promise<ProductCategory> {
	await assertFree(unit, name);
	const row = await unit.get<CategoryRow>(
		`INSERT INTO product_categories (name, words, created_at, updated_at) VALUES (?, ?, ?, ?)
		RETURNING id, name, created_at, updated_at, version`,
		[name, wordsOf(name), unit.now, unit.now]
	);
	return categoryOf(row!);
}

/** Writes the next version of a category. Throws ProductCategoryExists. */
export async function rename(unit: Unit, before: ProductCategory, name: string): Promise<ProductCategory> {
	await assertFree(unit, name, before.id);
	const category = { ...before, name, updatedAt: unit.now, version: before.version + 1 };
	await unit.run(
		"UPDATE product_categories SET name = ?, words = ?, updated_at = ?, version = ? WHERE id = ? AND version = ?",
		[name, wordsOf(name), unit.now, category.version, before.id, before.version]
	);
	return category;
}

/** Removes a category. Throws ProductCategoryInUse. */
export async function dropCategory(unit: Unit, { id }: ProductCategory): Promise<void> {
	const product = await unit.get("SELECT id FROM products WHERE category_id = ? AND removed_at IS NULL LIMIT 1", [id]);
	if (product) throw new ProductCategoryInUse(id);
	await unit.run("UPDATE products SET category_id = NULL WHERE category_id = ?", [id]);
	await unit.run("DELETE FROM product_categories WHERE id = ?", [id]);
}

async function assertFree(unit: Unit, name: string, except = 0): Promise<void> {
	const other = await unit.get("SELECT id FROM product_categories WHERE words = ? AND id <> ?", [
		wordsOf(name),
		except
	]);
	if (other) throw new ProductCategoryExists(name);
}
