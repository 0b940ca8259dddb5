/** Work in lanes: one after the other within a lane, and lanes beside each other. What follows in a lane fails with it. */
export class Lanes {
	readonly #ends = new Map<string, Promise<void>>();

	/** Rejects without running `work` when what stands before it in the lane is rejected. */
	run(lane: string, work: () => Promise<void>): Promise<void> {
		const before = this.#ends.get(lane);
		const done = before ? before.then(work) : work();
		const end: Promise<void> = done.finally(() => {
			if (this.#ends.get(lane) === end) this.#ends.delete(lane);
		});
		this.#ends.set(lane, end);
		end.catch(() => undefined);
		return end;
	}

	/** Resolves once nothing is under way. */
	async empty(): Promise<void> {
		while (this.#ends.size > 0) await Promise.allSettled(this.#ends.values());
	}
}
