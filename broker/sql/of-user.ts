import { type Page, pageFrom } from "../page.ts";
import type { Store } from "./store.ts";

interface Asked {
	id: number;
	limit: number;
	after?: number | undefined;
}

/** A page of a table's rows of one user, the newest first, keyset by id. The table is one of the service's own, never data, and has an index on `user_id`. */
export async function pageOfUser<Row extends { id: number }>(
	store: Store,
	table: string,
	{ id, limit, after }: Asked
): Promise<Page<Row>> {
	const found = await store.all<Row>(`SELECT * FROM ${table} WHERE user_id = ? AND id < ? ORDER BY id DESC LIMIT ?`, [
		id,
		after ?? Number.MAX_SAFE_INTEGER,
		limit + 1
	]);
	return pageFrom(found, limit, item => item);
}
