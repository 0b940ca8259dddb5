import { queryFor, searched } from "../../broker/sql/full-text.ts";
import type { Value } from "../../broker/sql/sql.ts";
import type { Store } from "../../broker/sql/store.ts";
import { wordsIn } from "../../broker/words.ts";
import type { Product, Sort } from "./products.contract.ts";
import { pageFrom } from "../../broker/page.ts";
import { COLUMNS, IS_SOLD, productOf, type ProductRow } from "./products.store.ts";

/** How a page of each order continues after a product, and how it is sorted. The id decides between equals. */
const SORTS: Record<Exclude<Sort, "relevance">, { beyond: string; by: string }> = {
	id: { beyond: "id > ?", by: "id" },
	"-id": { beyond: "id < ?", by: "id DESC" },
	name: { beyond: "(name, id) > (SELECT name, id FROM products WHERE id = ?)", by: "name, id" },
	"-name": { beyond: "(name, id) < (SELECT name, id FROM products WHERE id = ?)", by: "name DESC, id DESC" },
	price: { beyond: "(price, id) > (SELECT price, id FROM products WHERE id = ?)", by: "price, id" },
	"-price": { beyond: "(price, id) < (SELECT price, id FROM products WHERE id = ?)", by: "price DESC, id DESC" }
};

interface Wanted {
	search?: string | undefined;
	categoryId?: number | undefined;
	sort?: Sort | undefined;
	limit: number;
	after?: number | undefined;
}

/** A page of the catalogue. Not by Sequelize: it knows neither keysets by two columns nor words. */
export async function page(store: Store, wanted: Wanted): Promise<{ items: Product[]; next?: number }> {
	const { search, sort = "relevance", limit } = wanted;
	const words = search === undefined ? undefined : wordsIn(search);
	if (words?.length === 0) return { items: [] };
	const rows =
		words && sort === "relevance"
			? await mostRelevant(store, wanted, words)
			: await sorted(store, wanted, sort === "relevance" ? "id" : sort, words);
	return pageFrom(rows, limit, productOf);
}

const inCategory = (categoryId: number | undefined): { sql: string; values: Value[] } =>
	categoryId === undefined ? { sql: "", values: [] } : { sql: "AND category_id = ?", values: [categoryId] };

function sorted(
	store: Store,
	{ categoryId, limit, after }: Wanted,
	sort: keyof typeof SORTS,
	words: readonly string[] | undefined
): Promise<ProductRow[]> {
	const { dialect } = store.database;
	const { beyond, by } = SORTS[sort];
	const { from, where, id } = searched(dialect, "products");
	const matching = words ? `AND id IN (SELECT ${id} FROM ${from} WHERE ${where})` : "";
	const within = inCategory(categoryId);
	return store.all<ProductRow>(
		`SELECT ${COLUMNS} FROM products WHERE ${IS_SOLD} ${within.sql} ${matching} ${after === undefined ? "" : `AND ${beyond}`} ORDER BY ${by} LIMIT ?`,
		[
			...within.values,
			...(words ? [queryFor(dialect, words).all] : []),
			...(after === undefined ? [] : [after]),
			limit + 1
		]
	);
}

async function mostRelevant(
	store: Store,
	{ categoryId, limit, after }: Wanted,
	words: readonly string[]
): Promise<ProductRow[]> {
	const { dialect } = store.database;
	const { from, where, id } = searched(dialect, "products");
	const within = inCategory(categoryId);
	const rows: ProductRow[] = [];
	let begun = after === undefined;
	for (const tier of queryFor(dialect, words).tiers) {
		// The page goes on in the tier of the last product, wherever that is now, and begins all that follow.
		const here =
			!begun && (await store.get(`SELECT 1 AS there FROM ${from} WHERE ${where} AND ${id} = ?`, [tier, after!]));
		if (!begun && !here) continue;
		begun = true;
		const found = await store.all<ProductRow>(
			`SELECT ${COLUMNS} FROM ${from}
			WHERE ${where} AND ${IS_SOLD} ${within.sql} AND ${id} > ? ORDER BY ${id} LIMIT ?`,
			[tier, ...within.values, here ? after! : 0, limit + 1 - rows.length]
		);
		rows.push(...found);
		if (rows.length > limit) break;
	}
	return rows;
}
