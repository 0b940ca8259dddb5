import type { SoukEvent } from "../event.ts";
import type { Duty, Turns } from "../sql/sql.ts";

/** A service as the bus sees it. */
export interface Consumer {
	readonly name: string;
	/** The types it hears, for a wire that can spare it the others; absent, or with a `*` among them: any. */
	readonly types?: readonly string[];
	/** Asks to be the one that takes deliveries, where other processes may have a consumer of the same name. */
	readonly duty?: ((turns: Turns) => Duty) | undefined;
	hears(type: string): boolean;
	/** Told before deliveries begin: another process may have taken them until now. */
	begin?(): Promise<void>;
	/** Resolves when the event is handled or parked, durably. Rejects only when the process is stopping. */
	receive(event: SoukEvent): Promise<void>;
}

/** What a service has sent, as its outbox remembers it. */
export interface Outbox {
	/** The service's name. */
	readonly name: string;
	/**
	 * Compares what counts as sent with the last event that the wire still has of it, and sends again what came after.
	 * Resolves to how many events those are.
	 */
	reconcile(lastOnWire: () => Promise<string | undefined>): Promise<number>;
}

/** The wire between outboxes and inboxes. It may deliver twice, never zero times. */
export interface Bus {
	subscribe(consumer: Consumer): void;
	/**
	 * Resolves when the wire answers for the event, so that the outbox may mark it. Keeps the order of one subject: when it
	 * rejects, what was published after it of the same subject is rejected too, and both come again.
	 */
	publish(event: SoukEvent): Promise<void>;
	/** Has the wire watch over what it holds of this outbox; only a wire that holds something can lose it. */
	guard?(outbox: Outbox): Promise<void>;
}
