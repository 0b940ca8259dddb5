import { setTimeout as pause } from "node:timers/promises";
import { topicOf } from "../../broker/contract.ts";
import type { Store } from "../../broker/sql/store.ts";
import type { Wanted } from "./audit.contract.ts";
import { entriesAfter, entryOf, eventOf, headOf } from "./audit.store.ts";

/** How a reader follows the log: how many entries are read at once, how many it is sent at most, and for how long. */
export interface Following {
	page: number;
	most: number;
	forMs: number;
}

/** How soon what another process wrote is seen: whichever writes, the store is where all is found. */
const LOOK_AGAIN_MS = 250;

/**
 * The log as it grows, as server-sent events whose ids are places in it. Nothing is read before the reader has taken what
 * came before. But between processes no reader can slow this one down or call it off, so it ends by itself, after a while
 * or a number of events: that is all that can pile up for one who is slow or gone. Others go on behind the last id.
 */
export async function* follow(store: Store, wanted: Wanted, { page, most, forMs }: Following): AsyncGenerator<string> {
	const until = performance.now() + forMs;
	let seq = wanted.after ?? (await headOf(store))?.seq ?? 0;
	let sent = 0;
	// An id alone is no event: the reader only knows from where to go on, though nothing may come.
	yield placeOf(seq);
	while (sent < most && performance.now() < until) {
		const rows = await entriesAfter(store, seq, Math.min(page, most - sent));
		for (const { seq: id, ...row } of rows) {
			if (isWanted(row, wanted)) {
				yield `id: ${id}\ndata: ${JSON.stringify(eventOf(entryOf({ id, ...row })))}\n\n`;
				sent++;
			}
			seq = id;
		}
		if (rows.length === 0) await pause(LOOK_AGAIN_MS);
	}
	yield placeOf(seq);
}

const placeOf = (seq: number): string => `id: ${seq}\n\n`;

const isWanted = (event: { type: string; subject: string }, { type, topic, subject }: Wanted): boolean =>
	(type ?? event.type) === event.type &&
	(subject ?? event.subject) === event.subject &&
	(topic ?? topicOf(event.type)) === topicOf(event.type);
