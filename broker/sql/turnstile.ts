/** What one that wins adds to the width, against the 1 that one that loses takes: where more than a fifth lose, fewer go at once. */
const GAIN = 0.25;
/** A pool's first connections are dear, and most who come together want the same. */
const FIRST = 2;
/** Who is inside for so long, in milliseconds, waits for something else than the others: they do not wait for it. */
const LONG_MS = 1_000;

/**
 * Lets units in in the order they came, those that lost a race before all others and one of them at a time. How many are inside
 * at once follows what became of the last: where they stand in each other's way it goes down to one.
 */
export class Turnstile {
	readonly #most: number;
	readonly #isLoss: (error: unknown) => boolean;
	readonly #losers: (() => void)[] = [];
	readonly #others: (() => void)[] = [];
	#width: number;
	#inside = 0;
	/** How many of those inside have been there for long. */
	#stuck = 0;
	#loserInside = false;

	constructor(most: number, isLoss: (error: unknown) => boolean) {
		this.#most = most;
		this.#width = Math.min(FIRST, most);
		this.#isLoss = isLoss;
	}

	/** Does the work when its turn has come; `lost` says that it was done before and lost. */
	async pass<T>(work: () => Promise<T>, lost = false): Promise<T> {
		await new Promise<void>(turn => {
			(lost ? this.#losers : this.#others).push(turn);
			this.#admit();
		});
		let stuck = false;
		const long = setTimeout(() => {
			stuck = true;
			this.#stuck++;
			this.#admit();
		}, LONG_MS);
		try {
			const value = await work();
			// Where some are free, nothing is known of what would happen with more.
			if (this.#isFull()) this.#width = Math.min(this.#most, this.#width + GAIN);
			return value;
		} catch (error) {
			if (this.#isLoss(error)) this.#width = Math.max(1, this.#width - 1);
			throw error;
		} finally {
			clearTimeout(long);
			if (stuck) this.#stuck--;
			this.#inside--;
			if (lost) this.#loserInside = false;
			this.#admit();
		}
	}

	#isFull(): boolean {
		return this.#inside >= Math.min(this.#most, Math.floor(this.#width) + this.#stuck);
	}

	#admit(): void {
		while (!this.#isFull()) {
			const loser = this.#loserInside ? undefined : this.#losers.shift();
			const next = loser ?? this.#others.shift();
			if (!next) return;
			this.#inside++;
			this.#loserInside ||= loser !== undefined;
			next();
		}
	}
}
