import { setTimeout as pause } from "node:timers/promises";

/** How long to go on asking, and how often, in milliseconds. */
export interface Patience {
	within?: number;
	every?: number;
}

/**
 * Asks again until the probe passes and answers with what it returned; what the probe threw last is thrown once time is up.
 * A probe that never settles is given up at the same moment, so that the test says what it waited for.
 */
export async function eventually<T>(
	probe: () => T | Promise<T>,
	{ within = 20_000, every = 25 }: Patience = {}
): Promise<T> {
	const deadline = performance.now() + within;
	let last: unknown = new Error(`Nothing was answered within ${within} ms`);
	for (;;) {
		const left = deadline - performance.now();
		const giveUp = new AbortController();
		try {
			const silence = pause(Math.max(left, 1), undefined, { signal: giveUp.signal }).then(() => {
				throw last;
			});
			return await Promise.race([Promise.resolve().then(probe), silence]);
		} catch (error) {
			last = error;
		} finally {
			giveUp.abort();
		}
		if (performance.now() + every > deadline) throw last;
		await pause(every);
	}
}
