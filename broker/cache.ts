import { LRUCache } from "lru-cache";

/** A row that nobody said was changed is read anew after this long. */
export const KEPT_MS = 60_000;
/** For so long after a change nothing is kept, which may have been read before it: longer than any read takes. */
export const GUARDED_MS = 10_000;

/** Keeps rows by key. It may lose what it keeps at any time, and keeps nothing that was read before a change. */
export interface Cache {
	/** What is kept under each key, in their order. Never rejects: what cannot be asked keeps nothing. */
	read(keys: readonly string[]): Promise<(object | undefined)[]>;
	/** Keeps a row, unless one of its key was changed a moment ago. */
	keep(key: string, row: object): void;
	/** The row of this key is not what it was. */
	forget(key: string): void;
}

const CHANGED = Object.freeze({});

/** In the memory of this process, for this process alone. */
export class MemoryCache implements Cache {
	readonly #rows = new LRUCache<string, object>({ max: 10_000, ttl: KEPT_MS });

	async read(keys: readonly string[]): Promise<(object | undefined)[]> {
		return keys.map(key => {
			const row = this.#rows.get(key);
			return row === CHANGED ? undefined : row;
		});
	}

	keep(key: string, row: object): void {
		if (this.#rows.get(key) !== CHANGED) this.#rows.set(key, row);
	}

	forget(key: string): void {
		this.#rows.set(key, CHANGED, { ttl: GUARDED_MS });
	}
}
