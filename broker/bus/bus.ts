import type { SoukEvent } from "../event.ts";

/** A service as the bus sees it. */
export interface Consumer {
	readonly name: string;
	hears(type: string): boolean;
	/** Resolves when the event is handled or parked, durably. Rejects only when the process is stopping. */
	receive(event: SoukEvent): Promise<void>;
}

/** The wire between outboxes and inboxes. It may deliver twice, never zero times. */
export interface Bus {
	subscribe(consumer: Consumer): void;
	/**
	 * Resolves when the wire answers for the event, so that the outbox may mark it. Keeps the order of one subject: when it
	 * rejects, what was published after it of the same subject is rejected too, and both come again.
	 */
	publish(event: SoukEvent): Promise<void>;
}
