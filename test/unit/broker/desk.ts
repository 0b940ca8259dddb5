import { EventMeter } from "../../../broker/event-meter.ts";
import { Inbox, type Handle } from "../../../broker/inbox.ts";
import { Refusal } from "../../../broker/errors.ts";
import type { SoukEvent } from "../../../broker/event.ts";
import type { Store } from "../../../broker/sql/store.ts";
import { event } from "../../support/node.ts";
import "./sql/probe.ts";
import { notebook, Scratch } from "./sql/scratch.ts";

/** An inbox on a store of its own, whose handler marks the number of each event once and throws what a spec tells it to. */
export class Desk {
	readonly scratch = new Scratch();
	readonly notes = notebook();
	/** The number of each event that the handler was given. */
	readonly tries: number[] = [];
	/** What the handler throws, by number. */
	readonly faults = new Map<number, () => unknown>();
	/** How often the handler throws after its write. */
	insideFaults = 0;
	store!: Store;
	inbox!: Inbox;

	async open(): Promise<this> {
		this.store = await this.scratch.store();
		await this.store.database.write("tables", tx => tx.run("CREATE TABLE marks (n INTEGER)"));
		return this.restart();
	}

	/** Begins anew on the same store, as a process that is started again. */
	async restart(): Promise<this> {
		this.inbox = this.reader(new Map([["probe.moved", this.handle]]));
		await this.inbox.begin();
		this.inbox.resume();
		return this;
	}

	async close(): Promise<void> {
		await this.inbox.stop();
		await this.scratch.remove();
	}

	readonly meter = new EventMeter();

	reader(handlers: ReadonlyMap<string, Handle>): Inbox {
		const callFor = () => () => Promise.reject(new Error("nobody to call here"));
		return new Inbox({
			service: "scratch",
			store: this.store,
			logger: this.notes.logger,
			handlers,
			meter: this.meter,
			callFor,
			maxPauseMs: 2
		});
	}

	readonly handle: Handle = async (delivered, ctx) => {
		const { n } = delivered.data as { n: number };
		this.tries.push(n);
		const fault = this.faults.get(n)?.();
		// A fault may be anything that is thrown.
		// eslint-disable-next-line @typescript-eslint/only-throw-error
		if (fault) throw fault;
		await ctx.once(async unit => {
			await unit.run("INSERT INTO marks (n) VALUES (?)", [n]);
			if (this.insideFaults-- > 0) throw new Error("after the write");
		});
	};

	async marks(): Promise<number[]> {
		return (await this.store.all<{ n: number }>("SELECT n FROM marks ORDER BY rowid")).map(({ n }) => n);
	}

	letters(): Promise<{ id: number; status: string; error: string | null; attempts: number }[]> {
		return this.store.all("SELECT id, status, error, attempts FROM dead_letters ORDER BY id");
	}

	async statuses(): Promise<string[]> {
		return (await this.letters()).map(({ status }) => status);
	}

	/** The event of a dead letter, as the bus would deliver it again. */
	async parkedEvent(): Promise<SoukEvent> {
		return JSON.parse((await this.store.get<{ event: string }>("SELECT event FROM dead_letters"))!.event) as SoukEvent;
	}

	async announced(): Promise<SoukEvent<"system.dead_letter_parked">[]> {
		const rows = await this.store.all<{ payload: string }>("SELECT payload FROM outbox ORDER BY seq");
		return rows.map(({ payload }) => JSON.parse(payload) as SoukEvent<"system.dead_letter_parked">);
	}
}

export const moved = (n: number, subject = "probe/1") => event("probe.moved", subject, { n });

class OutOfReach extends Refusal {
	constructor() {
		super("It cannot be done", 409, "OUT_OF_REACH");
	}
}
export const refuse = () => new OutOfReach();
