import type { Logger } from "../../broker/service.ts";
import type { Duty } from "../../broker/sql/sql.ts";
import type { Store } from "../../broker/sql/store.ts";
import { Lane, type Patience } from "./notifications.lane.ts";
import type { Outlets } from "./outlet.ts";

/** Sends what waits in the store, each channel at its own pace: an SMS does not wait for a mail server. */
export class Sender {
	readonly #store: Store;
	readonly #outlets: Outlets;
	readonly #lanes: readonly Lane[];
	readonly #pollMs: number;
	#running = false;
	#timer: NodeJS.Timeout | undefined;
	#duty: Duty | undefined;

	constructor(store: Store, outlets: Outlets, logger: Logger, patience: Patience) {
		this.#store = store;
		this.#outlets = outlets;
		this.#pollMs = patience.pollMs;
		this.#lanes = (Object.keys(outlets) as (keyof Outlets)[]).map(
			channel => new Lane({ store, channel, outlet: outlets[channel], logger, patience })
		);
	}

	/** Begins as soon as no other process sends: a mail is on its way before anybody can see that it is. */
	start(): void {
		this.#duty = this.#store.database.duty("mail", {
			take: () => this.#begin(),
			lose: () => this.#end(),
			nudged: () => this.wake()
		});
	}

	#begin(): void {
		this.#running = true;
		for (const lane of this.#lanes) lane.open();
		this.#timer = setInterval(() => this.wake(), this.#pollMs);
	}

	#end(): void {
		clearInterval(this.#timer);
		this.#running = false;
		for (const lane of this.#lanes) lane.close();
	}

	/** Resolves when what is under way is sent and marked. */
	async stop(): Promise<void> {
		// Where it is not on duty, it shall not be called to it now.
		if (!this.#running) await this.#duty?.end();
		this.#end();
		await Promise.all(this.#lanes.map(lane => lane.idle()));
		await this.#duty?.end();
		for (const outlet of Object.values(this.#outlets)) outlet.close?.();
	}

	wake(): void {
		if (!this.#running) return this.#duty?.nudge();
		for (const lane of this.#lanes) lane.wake();
	}
}
