import { closeSync, fsyncSync, openSync, writeSync } from "node:fs";
import { join } from "node:path";

/** What came of one sending of a request: answered as asked, refused, or nobody knows. */
export type Outcome = "ok" | "failed" | "unknown";

/** One sending of a request and what came of it. */
export interface Entry {
	operation: string;
	/** Who sent it. */
	as: string;
	/** The Idempotency-Key; the same for every sending of one request. */
	key?: string;
	outcome: Outcome;
	status?: number;
	body?: string;
	/** Why the outcome is unknown. */
	error?: string;
}

/**
 * All that clients sent and were answered, on disk before and after each sending: what the invariants hold the stores
 * against. The oracle is what was answered, not what the process says of itself.
 */
export class Ledger {
	readonly entries: Entry[] = [];
	readonly #file: number;

	constructor(folder: string) {
		this.#file = openSync(join(folder, "ledger.jsonl"), "a");
	}

	/** Notes a request that is about to be sent; the returned function notes what came of it. */
	sending(request: Pick<Entry, "operation" | "as" | "key">): (result: Omit<Entry, keyof typeof request>) => void {
		this.#write({ ...request, at: new Date().toISOString(), sending: true });
		return result => {
			const entry: Entry = { ...request, ...result };
			this.entries.push(entry);
			this.#write({ ...entry, at: new Date().toISOString() });
		};
	}

	/** The entries of one operation, gathered by who sent them and their key. */
	byKey(operation: string): Map<string, Entry[]> {
		const keys = new Map<string, Entry[]>();
		for (const entry of this.entries) {
			if (entry.operation !== operation || entry.key === undefined) continue;
			const id = `${entry.as} ${entry.key}`;
			keys.set(id, [...(keys.get(id) ?? []), entry]);
		}
		return keys;
	}

	count(outcome: Outcome): number {
		return this.entries.filter(entry => entry.outcome === outcome).length;
	}

	close(): void {
		closeSync(this.#file);
	}

	#write(line: object): void {
		writeSync(this.#file, `${JSON.stringify(line)}\n`);
		fsyncSync(this.#file);
	}
}
