import { part, type Part } from "../broker/service.ts";
import { Rows } from "../broker/rows.ts";
import type { Store } from "../broker/sql/store.ts";
import type { StoreService } from "./store.mixin.ts";

export type RowsService<Row extends { id: number }> = StoreService & { rows: Rows<Row> };

/** Keeps rows that are read far more often than they change: every order asks for a product and a user. */
export function rows<Row extends { id: number }>(load: (store: Store, ids: readonly number[]) => Promise<Row[]>): Part {
	return part<RowsService<Row>>({
		created(this: RowsService<Row>) {
			this.rows = new Rows(this.broker.cacher!, this.name, ids => load(this.store, ids));
		}
	});
}
