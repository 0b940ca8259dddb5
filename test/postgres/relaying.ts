import type { Bus } from "../../broker/bus/bus.ts";
import type { SoukEvent } from "../../broker/event.ts";
import { uuid7 } from "../../broker/ids.ts";
import type { Logger } from "../../broker/service.ts";
import { migrate } from "../../broker/sql/migrate.ts";
import { Relay } from "../../broker/sql/relay.ts";
import type { Database } from "../../broker/sql/sql.ts";
import { Store } from "../../broker/sql/store.ts";

const quiet = { info: () => undefined, warn: () => undefined, error: () => undefined } as unknown as Logger;

/** A store with events that leave it, and what its relay sent: `a1` is the first event of subject a. */
export interface Outgoing {
	store: Store;
	relay: Relay;
	sent: string[];
	/** Resolves when the relay is on duty. */
	ready: Promise<void>;
	emit(label: string): Promise<void>;
}

/** What an event says whose label is this. */
export const contentsOf = (label: string): object => ({
	subject: `probe/${label[0]}`,
	data: { n: Number(label.slice(1)) }
});

export async function relayOn(database: Database, tell: (label: string) => void = () => undefined): Promise<Outgoing> {
	await migrate(database, quiet);
	const store = new Store(database);
	const sent: string[] = [];
	const bus: Bus = {
		subscribe: () => undefined,
		publish: ({ subject, data }: SoukEvent) => {
			const label = `${subject.slice(6)}${(data as { n: number }).n}`;
			sent.push(label);
			tell(label);
			return Promise.resolve();
		}
	};
	const relay = new Relay(database, bus, quiet);
	store.wakeRelay = () => relay.wake();
	const ready = new Promise<void>(resolve => {
		const duty = database.duty.bind(database);
		database.duty = (task, turns) =>
			duty(task, {
				...turns,
				take: () => {
					turns.take();
					resolve();
				}
			});
	});
	relay.start();
	const origin = { unit: "spec", correlationId: "spec" };
	return {
		store,
		relay,
		sent,
		ready,
		emit: label =>
			store.transact({ origin }, async unit => {
				const event = contentsOf(label) as { subject: string };
				unit.append("outbox", {
					id: uuid7(),
					topic: "probe.events",
					type: "probe.moved",
					subject: event.subject,
					payload: JSON.stringify(event),
					created_at: unit.now
				});
				unit.afterCommit(store.wakeRelay);
				return Promise.resolve();
			})
	};
}
