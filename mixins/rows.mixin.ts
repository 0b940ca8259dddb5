import type { Context } from "moleculer";
import { Rows } from "../broker/rows.ts";
import { runtimeOf } from "../broker/runtime.ts";
import { part, type Part } from "../broker/service.ts";
import type { Store } from "../broker/sql/store.ts";
import type { StoreService } from "./store.mixin.ts";

export type RowsService<Row extends { id: number }> = StoreService & { rows: Rows<Row> };

const CHANGED = "row.changed";

/** Keeps rows that are read far more often than they change: every order asks for a product and a user. */
export function rows<Row extends { id: number }>(load: (store: Store, ids: readonly number[]) => Promise<Row[]>): Part {
	return part<RowsService<Row>>({
		created() {
			const { cache } = runtimeOf(this.broker);
			// Where it is lost, another process has an old row for a minute at most.
			const tell = (id: number) => void this.broker.broadcast(CHANGED, { of: this.name, id });
			this.rows = new Rows(cache, this.name, ids => load(this.store, ids), tell);
		},
		events: {
			[CHANGED]({ nodeID, params }: Context<{ of: string; id: number }>) {
				if (params.of === this.name && nodeID !== this.broker.nodeID) this.rows.changed(params.id);
			}
		}
	});
}
