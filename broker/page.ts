/** A page of a list. */
export interface Page<Item> {
	items: Item[];
	/** What to pass as `after` for the next page; absent on the last. */
	next?: number;
}

/** The page of `limit` items that rows make, of which one more was asked for: so it is known whether there is another page. */
export function pageFrom<Row, Item extends { id: number | string }>(
	rows: readonly Row[],
	limit: number,
	itemOf: (row: Row) => Item
): Page<Item> {
	const items = rows.slice(0, limit).map(itemOf);
	return rows.length > limit ? { items, next: Number(items.at(-1)!.id) } : { items };
}
