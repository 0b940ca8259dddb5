import type { Store } from "./store.ts";

interface Asked {
	id: number;
	limit: number;
	after?: number | undefined;
}

/** A page of a table's rows of one user, the newest first, keyset by id. The table has an index on `user_id`. */
export async function pageOfUser<Row extends { id: number }>(
	store: Store,
	table: "payments" | "shipments",
	{ id, limit, after }: Asked
): Promise<{ items: Row[]; next?: number }> {
	const found = await store.all<Row>(`SELECT * FROM ${table} WHERE user_id = ? AND id < ? ORDER BY id DESC LIMIT ?`, [
		id,
		after ?? Number.MAX_SAFE_INTEGER,
		limit + 1
	]);
	const items = found.slice(0, limit);
	return found.length > limit ? { items, next: items.at(-1)!.id } : { items };
}
