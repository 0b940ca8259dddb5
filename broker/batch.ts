interface Waiting<Item> {
	item: Item;
	resolve(): void;
	reject(error: unknown): void;
}

/**
 * Gathers what arrives in one turn of the event loop, or while the last batch is being committed, so that many small
 * deliveries share one unit of work. One batch is under way at a time, in the order things came. An item that cannot be
 * committed fails alone: the others of its batch are then committed one by one.
 */
export class Batch<Item> {
	readonly #commit: (items: Item[]) => Promise<unknown>;
	readonly #most: number;
	readonly #waiting: Waiting<Item>[] = [];
	#draining: Promise<void> | undefined;

	constructor(commit: (items: Item[]) => Promise<unknown>, most = 256) {
		this.#commit = commit;
		this.#most = most;
	}

	/** Resolves when the item is committed; rejects with what kept it from being so. */
	add(item: Item): Promise<void> {
		return new Promise((resolve, reject) => {
			this.#waiting.push({ item, resolve, reject });
			this.#draining ??= this.#drain();
		});
	}

	async #drain(): Promise<void> {
		await new Promise(turn => setImmediate(turn));
		while (this.#waiting.length > 0) await this.#settle(this.#waiting.splice(0, this.#most));
		this.#draining = undefined;
	}

	async #settle(batch: Waiting<Item>[]): Promise<void> {
		try {
			await this.#commit(batch.map(({ item }) => item));
		} catch (error) {
			// A fault of the surroundings is no item's fault: everybody is told, and comes again.
			if (batch.length > 1 && (error as { retryable?: boolean }).retryable !== true) {
				for (const one of batch) await this.#settle([one]);
				return;
			}
			for (const { reject } of batch) reject(error);
			return;
		}
		for (const { resolve } of batch) resolve();
	}
}
