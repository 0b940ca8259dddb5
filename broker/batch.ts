import { sleep } from "./backoff.ts";

interface Waiting<Item> {
	item: Item;
	resolve(): void;
	reject(error: unknown): void;
}

/** How a batch is made up. */
interface Size {
	/** No more items than this at once. */
	most?: number;
	/** How long the first item of a batch waits for others, in milliseconds; 0 is one turn of the event loop. */
	gatherMs?: number;
}

/**
 * Gathers what arrives in a moment, or while the last batch is being committed, so that many small deliveries share one
 * unit of work. One batch is under way at a time, in the order things came. An item that cannot be
 * committed fails alone: the others of its batch are then committed one by one.
 */
export class Batch<Item> {
	readonly #commit: (items: Item[]) => Promise<unknown>;
	readonly #most: number;
	readonly #gatherMs: number;
	readonly #waiting: Waiting<Item>[] = [];
	#draining: Promise<void> | undefined;

	constructor(commit: (items: Item[]) => Promise<unknown>, { most = 256, gatherMs = 0 }: Size = {}) {
		this.#commit = commit;
		this.#most = most;
		this.#gatherMs = gatherMs;
	}

	/** Resolves when the item is committed; rejects with what kept it from being so. */
	add(item: Item): Promise<void> {
		return new Promise((resolve, reject) => {
			this.#waiting.push({ item, resolve, reject });
			this.#draining ??= this.#drain();
		});
	}

	async #drain(): Promise<void> {
		while (this.#waiting.length > 0) {
			if (this.#waiting.length < this.#most)
				await (this.#gatherMs > 0 ? sleep(this.#gatherMs) : new Promise(turn => setImmediate(turn)));
			await this.#settle(this.#waiting.splice(0, this.#most));
		}
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
