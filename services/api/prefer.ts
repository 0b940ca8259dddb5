const LONGEST = 10;

/** The whole seconds that `Prefer: wait=N` asks to wait for the outcome, 10 at most. A preference that makes no sense is none. */
export function secondsToWait(prefer: string | undefined): number | undefined {
	if (prefer === undefined) return undefined;
	for (const preference of prefer.split(",")) {
		const seconds = /^\s*wait\s*=\s*"?(\d{1,9})"?\s*(?:;.*)?$/i.exec(preference)?.[1];
		if (seconds !== undefined) return Math.min(Number(seconds), LONGEST);
	}
	return undefined;
}
