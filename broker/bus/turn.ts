import type { Duty, Turns } from "../sql/sql.ts";

/**
 * Being the one of several processes that takes a consumer's deliveries: order needs one. Two who think so for a moment do no
 * harm, as each goes through the events in order and the inbox knows them; they would only keep each other from getting on.
 */
export class Turn {
	readonly #duty: Duty;
	#taken = Promise.withResolvers<AbortSignal>();
	#lost = new AbortController();

	constructor(duty: (turns: Turns) => Duty) {
		this.#duty = duty({
			take: () => {
				this.#lost = new AbortController();
				this.#taken.resolve(this.#lost.signal);
			},
			lose: () => {
				this.#taken = Promise.withResolvers();
				this.#lost.abort();
			}
		});
	}

	/** Resolves when it has come, to what aborts as soon as another may have it. Rejects when `signal` aborts. */
	async come(signal: AbortSignal): Promise<AbortSignal> {
		signal.throwIfAborted();
		const stopped = Promise.withResolvers<never>();
		const stop = () => stopped.reject(signal.reason as Error);
		signal.addEventListener("abort", stop);
		try {
			return await Promise.race([this.#taken.promise, stopped.promise]);
		} finally {
			signal.removeEventListener("abort", stop);
		}
	}

	/** Leaves it to another process. */
	end(): Promise<void> {
		return this.#duty.end();
	}
}
