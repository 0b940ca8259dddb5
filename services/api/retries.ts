import { backoff, sleep } from "../../broker/backoff.ts";
import { codeOf, isTransient } from "../../broker/errors.ts";

const TRIES = 3;
const PAUSE_MS = { first: 100, most: 1_000 };

/** Faults that pass, but not within a request: its time is over, or the service is known to be in need. */
const HOPELESS = ["REQUEST_TIMEOUT", "REQUEST_SKIPPED", "DEADLINE_EXCEEDED", "SERVICE_NOT_AVAILABLE", "QUEUE_FULL"];

/**
 * Repeats calls after a fault that passes. The gateway is the only layer that does. Repeats stay under a tenth of all
 * calls, so that a service in need is not buried under them (Site Reliability Engineering, chapter 21).
 */
export class Retries {
	/** How many tenths of a repeat were earned and not spent. */
	#tenths = 100;

	/** Calls by `ask`; again only where a call may come twice: a read, or a write under a client's key. Throws what `ask` throws. */
	async call<T>(repeatable: boolean, ask: () => Promise<T>): Promise<T> {
		this.#tenths = Math.min(100, this.#tenths + 1);
		for (let tried = 1; ; tried++) {
			try {
				return await ask();
			} catch (error) {
				if (!repeatable || tried === TRIES || !passes(error) || this.#tenths < 10) throw error;
				this.#tenths -= 10;
				await sleep(backoff(tried, PAUSE_MS.first, PAUSE_MS.most));
			}
		}
	}
}

const passes = (error: unknown): boolean => isTransient(error) && !HOPELESS.includes(codeOf(error) ?? "");
