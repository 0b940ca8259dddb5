import { histogramLines } from "./metrics.ts";

/** Durations counted by how long they took, as Prometheus takes them. */
export class Histogram {
	readonly #bounds: readonly number[];
	/** How many took as long as each bound at most, and longer than the one before; the last took longer than all. */
	readonly #counts: number[];
	#sum = 0;

	/** `bounds` are upper bounds in seconds, the least first. */
	constructor(bounds: readonly number[]) {
		this.#bounds = bounds;
		this.#counts = Array<number>(bounds.length + 1).fill(0);
	}

	observe(seconds: number): void {
		this.#sum += seconds;
		const bucket = this.#bounds.findIndex(bound => seconds <= bound);
		this.#counts[bucket < 0 ? this.#bounds.length : bucket]!++;
	}

	lines(name: string, labels: Record<string, unknown>): string[] {
		let below = 0;
		const cumulative = this.#counts.map(
			(count, at) => [String(this.#bounds[at] ?? "+Inf"), (below += count)] as [bound: string, count: number]
		);
		return histogramLines(name, labels, cumulative, this.#sum);
	}
}
