import type { SoukEvent } from "./event.ts";
import type { Unit } from "./sql/store.ts";

/** Marks many events as handled in one unit, and answers those that were not handled before, each once. */
export async function markManyHandled(
	unit: Unit,
	consumer: string,
	events: readonly SoukEvent[]
): Promise<SoukEvent[]> {
	const rows = await unit.all<{ event_id: string }>(
		"SELECT event_id FROM inbox WHERE consumer = ? AND event_id IN (SELECT value FROM json_each(?))",
		[consumer, JSON.stringify(events.map(({ id }) => id))]
	);
	const known = new Set(rows.map(({ event_id }) => event_id));
	const fresh: SoukEvent[] = [];
	for (const event of events) {
		if (known.has(event.id)) continue;
		known.add(event.id);
		fresh.push(event);
		unit.append("inbox", { consumer, event_id: event.id, received_at: unit.now });
	}
	return fresh;
}
