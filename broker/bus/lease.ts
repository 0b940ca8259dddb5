import { RetentionPolicy, StorageType, nanos } from "nats";
import { sleep } from "../backoff.ts";
import type { Link } from "./link.ts";

const STREAM = "souk-leases";
const ROOT = "souk.leases";
/** A holder that was not heard of for so long has lost it. */
const LIFE_MS = 10_000;
const RENEW_MS = LIFE_MS / 4;
/** How often those who wait ask again. */
const ASK_MS = 1_000;

/**
 * Makes one of several processes the one that takes a consumer's deliveries: order needs one. It is a message that only one
 * can write and that expires. Two who hold it for a moment do no harm, as each goes through the events in order and the
 * inbox knows them; they would only keep each other from getting on.
 */
export class Lease {
	readonly #link: Link;
	readonly #subject: string;
	readonly #lost = new AbortController();
	#sequence: number;
	#renewing: NodeJS.Timeout;

	private constructor(link: Link, subject: string, sequence: number) {
		this.#link = link;
		this.#subject = subject;
		this.#sequence = sequence;
		this.#renewing = setTimeout(() => void this.#renew(), RENEW_MS);
	}

	/** Resolves when this process has it. Rejects when `signal` aborts, or when the server cannot be asked. */
	static async take(link: Link, name: string, signal: AbortSignal): Promise<Lease> {
		await link.manager.streams.add({
			name: STREAM,
			subjects: [`${ROOT}.>`],
			retention: RetentionPolicy.Limits,
			storage: StorageType.File,
			max_msgs_per_subject: 1,
			max_age: nanos(LIFE_MS),
			duplicate_window: nanos(LIFE_MS)
		});
		const subject = `${ROOT}.${name}`;
		for (;;) {
			const sequence = await write(link, subject, 0);
			if (sequence !== undefined) return new Lease(link, subject, sequence);
			await sleep(ASK_MS, signal);
		}
	}

	/** Aborts when another may have it. */
	get lost(): AbortSignal {
		return this.#lost.signal;
	}

	/** Leaves it to whoever asks next. */
	async release(): Promise<void> {
		clearTimeout(this.#renewing);
		if (this.#lost.signal.aborted) return;
		this.#lost.abort();
		// Otherwise it expires.
		if (this.#link.up)
			await this.#link.manager.streams.deleteMessage(STREAM, this.#sequence, false).catch(() => undefined);
	}

	async #renew(): Promise<void> {
		const sequence = await write(this.#link, this.#subject, this.#sequence).catch(() => undefined);
		if (this.#lost.signal.aborted) return;
		if (sequence === undefined) return this.#lost.abort();
		this.#sequence = sequence;
		this.#renewing = setTimeout(() => void this.#renew(), RENEW_MS);
	}
}

/** The number of the message, if the last one of the subject is still the one it should be. */
async function write(link: Link, subject: string, last: number): Promise<number | undefined> {
	try {
		const expect = { lastSubjectSequence: last };
		return (
			await link.jetstream.publish(subject, link.nats.info?.client_id.toString() ?? "", { expect, timeout: 2_000 })
		).seq;
	} catch (error) {
		if ((error as { api_error?: { err_code: number } }).api_error?.err_code === WRONG_LAST) return undefined;
		throw error;
	}
}
/** What JetStream calls it when somebody else has written meanwhile. */
const WRONG_LAST = 10_071;

/** What must be allowed to whom may take a lease. */
export const leaseSubjects = (name: string): string[] => [
	`${ROOT}.${name}`,
	...["CREATE", "MSG.DELETE"].map(what => `$JS.API.STREAM.${what}.${STREAM}`)
];
