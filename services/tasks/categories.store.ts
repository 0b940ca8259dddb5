import type { Store, Unit } from "../../broker/sql/store.ts";
import type { Page } from "../../mixins/store.mixin.ts";
import type { Category } from "./tasks.contract.ts";
import { pageFrom } from "../../broker/page.ts";
import { CategoryExists, CategoryNotFound } from "./tasks.errors.ts";

interface CategoryRow {
	id: number;
	name: string;
	description: string;
	created_at: string;
	updated_at: string;
	version: number;
}

type Details = Pick<Category, "name" | "description">;

const HERE = "SELECT * FROM categories WHERE removed_at IS NULL";

const toCategory = (row: CategoryRow): Category => ({
	id: row.id,
	name: row.name,
	description: row.description,
	createdAt: row.created_at,
	updatedAt: row.updated_at,
	version: row.version
});

/** A name as categories are told apart by it: however it is written, it is one. */
const keyOf = (name: string): string => name.normalize("NFKC").toLowerCase();

/** Announces what became of a category. */
export const announceCategory = (unit: Unit, category: Category, change: "created" | "updated" | "removed"): void =>
	unit.emit("category.changed", `category/${category.id}`, { category, change }, category.version);

/** One category; undefined when there is none, or none any more. */
export async function lookUpCategory(unit: Unit, id: number): Promise<Category | undefined> {
	const row = await unit.get<CategoryRow>(`${HERE} AND id = ?`, [id]);
	return row && toCategory(row);
}

/** One category. Throws CategoryNotFound. */
export async function findCategory(unit: Unit, id: number): Promise<Category> {
	const category = await lookUpCategory(unit, id);
	if (!category) throw new CategoryNotFound(id);
	return category;
}

/** A page of categories, the oldest first. */
export async function pageOfCategories(
	store: Store,
	{ limit, after = 0 }: { limit: number; after?: number | undefined }
): Promise<Page<Category>> {
	const rows = await store.all<CategoryRow>(`${HERE} AND id > ? ORDER BY id LIMIT ?`, [after, limit + 1]);
	return pageFrom(rows, limit, toCategory);
}

/** Writes a new category. Throws CategoryExists before it writes. */
export async function insertCategory(unit: Unit, { name, description }: Details): Promise<Category> {
	await assertNameIsFree(unit, name, 0);
	const row = await unit.get<CategoryRow>(
		"INSERT INTO categories (name, name_key, description, created_at, updated_at) VALUES (?, ?, ?, ?, ?) RETURNING *",
		[name, keyOf(name), description, unit.now, unit.now]
	);
	return toCategory(row!);
}

/** Writes the next version of a category. Throws CategoryExists before it writes. */
export async function replaceCategory(unit: Unit, { id, name, description, version }: Category): Promise<Category> {
	await assertNameIsFree(unit, name, id);
	const row = await unit.get<CategoryRow>(
		`UPDATE categories SET name = ?, name_key = ?, description = ?, updated_at = ?, version = version + 1
		WHERE id = ? AND version = ? RETURNING *`,
		[name, keyOf(name), description, unit.now, id, version]
	);
	return toCategory(row!);
}

/** Hides a category; its row stays for the tasks that have it. */
export async function removeRow(unit: Unit, { id, version }: Category): Promise<Category> {
	const row = await unit.get<CategoryRow>(
		`UPDATE categories SET removed_at = ?, updated_at = ?, version = version + 1
		WHERE id = ? AND version = ? RETURNING *`,
		[unit.now, unit.now, id, version]
	);
	return toCategory(row!);
}

async function assertNameIsFree(unit: Unit, name: string, but: number): Promise<void> {
	const taken = await unit.get(`${HERE} AND name_key = ? AND id <> ?`, [keyOf(name), but]);
	if (taken) throw new CategoryExists(name);
}
