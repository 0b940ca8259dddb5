import type { SoukEvent } from "./event.ts";
import { oneOf } from "./sql/sql.ts";
import type { Unit } from "./sql/store.ts";

/** Marks many events as handled in one unit, and answers those that were not handled before, each once. */
export async function markManyHandled(
	unit: Unit,
	consumer: string,
	events: readonly SoukEvent[]
): Promise<SoukEvent[]> {
	const these = oneOf(
		"event_id",
		events.map(({ id }) => id)
	);
	const rows = await unit.all<{ event_id: string }>(`SELECT event_id FROM inbox WHERE consumer = ? AND ${these.sql}`, [
		consumer,
		...these.values
	]);
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
