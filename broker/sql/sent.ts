import type { Outbox } from "../bus/bus.ts";
import type { Relay } from "./relay.ts";
import type { Database } from "./sql.ts";

/** More than the relay ever has under way: what was sent last is among these. */
const LATEST = 2_000;

interface Sent {
	id: string;
	seq: number;
	published_at: string | null;
}

/** One store's outbox as the log of record: what the wire has lost is sent again. */
export class SentEvents implements Outbox {
	readonly name: string;
	readonly #database: Database;
	readonly #relay: Relay;

	constructor(database: Database, relay: Relay) {
		this.name = database.name;
		this.#database = database;
		this.#relay = relay;
	}

	async reconcile(lastOnWire: () => Promise<string | undefined>): Promise<number> {
		// The outbox is read first: what is sent meanwhile must not look lost.
		const latest = await this.#database.all<Sent & { published_at: string }>(
			`SELECT id, seq, published_at FROM outbox WHERE published_at IS NOT NULL ORDER BY seq DESC LIMIT ${LATEST}`
		);
		const sent = latest.reduce((last, row) => (row.published_at > last.published_at ? row : last), latest[0]!);
		if (!sent) return 0;
		const id = await lastOnWire();
		if (id === sent.id) return 0;
		const kept =
			id === undefined
				? undefined
				: await this.#database.get<Sent>("SELECT id, seq, published_at FROM outbox WHERE id = ?", [id]);
		return kept && !isAfter(sent, kept) ? 0 : this.#sendAgain(kept);
	}

	/** What counts as sent, and was sent after the last one that is kept; some that are kept may be among them. */
	async #sendAgain(kept: Sent | undefined): Promise<number> {
		const [seq, since] = [kept?.seq ?? 0, kept?.published_at ?? ""];
		const again = await this.#database.write("relay", tx =>
			tx.run(
				`UPDATE outbox SET published_at = NULL
					WHERE published_at IS NOT NULL AND (seq > ? OR (? <> '' AND published_at >= ?))`,
				[seq, since, since]
			)
		);
		this.#relay.rewind();
		return again;
	}
}

/** Whether one event was answered for after another. The mark of the other may be missing: it was sent, and the process died. */
const isAfter = (one: Sent & { published_at: string }, other: Sent): boolean =>
	other.published_at === null || other.published_at === one.published_at
		? one.seq > other.seq
		: one.published_at > other.published_at;
