import type { Cachers } from "moleculer";
import type { Tx } from "./sql/sql.ts";

/** A row that nobody said was changed is read anew after this long. */
const TTL_SECONDS = 60;

/**
 * Rows of a store by their id, in the broker's cacher. Rows are kept and not answers, so who may see one is asked each
 * time. A write forgets its rows when it is durable.
 */
export class Rows<Row extends { id: number }> {
	readonly #cacher: Cachers.Base<object>;
	readonly #name: string;
	readonly #load: (ids: readonly number[]) => Promise<Row[]>;
	#changes = 0;

	constructor(cacher: Cachers.Base<object>, name: string, load: (ids: readonly number[]) => Promise<Row[]>) {
		this.#cacher = cacher;
		this.#name = name;
		this.#load = load;
	}

	/** One row, if there is such a row. */
	async get(id: number): Promise<Readonly<Row> | undefined> {
		return (await this.many([id]))[0];
	}

	/** Those of the rows that there are. What is missing is loaded with one query. */
	async many(ids: readonly number[]): Promise<Readonly<Row>[]> {
		const found = await Promise.all(
			ids.map(id => this.#cacher.get(this.#keyOf(id)) as Promise<Row | null | undefined>)
		);
		const kept = found.filter(row => row !== null && row !== undefined);
		if (kept.length === ids.length) return kept;
		const before = this.#changes;
		const loaded = await this.#load(ids.filter((_, at) => !found[at]));
		// What was changed while it was loaded may have been loaded from before.
		if (this.#changes === before)
			await Promise.all(loaded.map(row => this.#cacher.set(this.#keyOf(row.id), row, TTL_SECONDS)));
		return [...kept, ...loaded];
	}

	/** To be called by every unit that changes a row. */
	forget(unit: Pick<Tx, "afterCommit">, id: number): void {
		unit.afterCommit(() => {
			this.#changes++;
			void this.#cacher.del(this.#keyOf(id));
		});
	}

	#keyOf(id: number): string {
		return `${this.#name}:${id}`;
	}
}
