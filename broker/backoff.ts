import { setTimeout as pause } from "node:timers/promises";

/** Milliseconds to wait after the n-th failed try: doubling from `first` up to `cap`, with full jitter in the upper half. */
export function backoff(attempt: number, first: number, cap: number): number {
	const full = Math.min(cap, first * 2 ** Math.min(attempt - 1, 20));
	return full / 2 + Math.random() * (full / 2);
}

/** Waits, or rejects as soon as `signal` aborts. */
export const sleep = (ms: number, signal?: AbortSignal): Promise<void> => pause(ms, undefined, { signal, ref: false });
