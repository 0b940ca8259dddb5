/** How many logins in a row may fail, and for how long none is tried after that. */
export const FAILURES = 10;
export const LOCK_MS = 15 * 60 * 1_000;
/** Failures that nothing followed are no row any more. */
export const FORGOTTEN_AFTER_MS = 24 * 60 * 60 * 1_000;

/** The logins that failed one after another with one e-mail address. Times are milliseconds since the epoch. */
export interface Failures {
	readonly count: number;
	readonly lockedUntil?: number | undefined;
}

/** For how many more seconds no login is tried; 0 when it is. */
export function lockedFor(failures: Failures | undefined, now: number): number {
	return Math.max(0, Math.ceil(((failures?.lockedUntil ?? 0) - now) / 1_000));
}

/** What is remembered after one more failure. A lock starts the count over, so that each takes as many failures as the first. */
export function afterFailure(before: Failures | undefined, now: number): Failures {
	const count = (before?.count ?? 0) + 1;
	return count < FAILURES ? { count } : { count: 0, lockedUntil: now + LOCK_MS };
}
