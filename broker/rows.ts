import type { Cache } from "./cache.ts";
import type { Tx } from "./sql/sql.ts";

/**
 * Rows of a store by their id, kept in a cache. Rows are kept and not answers, so who may see one is asked each time. A
 * write forgets its rows when it is durable.
 */
export class Rows<Row extends { id: number }> {
	readonly #cache: Cache;
	readonly #name: string;
	readonly #load: (ids: readonly number[]) => Promise<Row[]>;
	readonly #tell: (id: number) => void;

	/** @param tell tells other processes, which may keep the row themselves, that it has changed */
	constructor(
		cache: Cache,
		name: string,
		load: (ids: readonly number[]) => Promise<Row[]>,
		tell: (id: number) => void = () => undefined
	) {
		this.#cache = cache;
		this.#name = name;
		this.#load = load;
		this.#tell = tell;
	}

	/** One row, if there is such a row. */
	async get(id: number): Promise<Readonly<Row> | undefined> {
		return (await this.many([id]))[0];
	}

	/** Those of the rows that there are. What is missing is loaded with one query. */
	async many(ids: readonly number[]): Promise<Readonly<Row>[]> {
		const found = (await this.#cache.read(ids.map(id => this.#keyOf(id)))) as (Row | undefined)[];
		const kept = found.filter(row => row !== undefined);
		if (kept.length === ids.length) return kept;
		const loaded = await this.#load(ids.filter((_, at) => !found[at]));
		for (const row of loaded) this.#cache.keep(this.#keyOf(row.id), row);
		return [...kept, ...loaded];
	}

	/** To be called by every unit that changes a row. */
	forget(unit: Pick<Tx, "afterCommit">, id: number): void {
		unit.afterCommit(() => {
			this.changed(id);
			this.#tell(id);
		});
	}

	/** A row was changed, here or by another process. */
	changed(id: number): void {
		this.#cache.forget(this.#keyOf(id));
	}

	#keyOf(id: number): string {
		return `${this.#name}:${id}`;
	}
}
