import type { Notify } from "./provider.ts";

const TIMEOUT_MS = 5_000;

/** Posts webhooks to an address; rejects unless it answers 2xx. */
export const postTo =
	(url: string): Notify =>
	async (raw, signature) => {
		const response = await fetch(url, {
			method: "POST",
			body: raw,
			headers: { "Content-Type": "application/json", "Souk-Signature": signature },
			signal: AbortSignal.timeout(TIMEOUT_MS)
		});
		await response.body?.cancel();
		if (!response.ok) throw new Error(`${url} answered ${response.status}`);
	};
