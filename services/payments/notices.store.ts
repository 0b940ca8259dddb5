import type { Store, Unit } from "../../broker/sql/store.ts";

/** A hint of the provider: something happened to the authorization with this key. */
export interface Notice {
	id: string;
	type: string;
	key: string;
}

/** Keeps a hint. Resolves to false when it was kept before. */
export async function receive(unit: Unit, { id, type, key }: Notice): Promise<boolean> {
	const kept = await unit.run(
		"INSERT INTO provider_events (provider_event_id, type, key, received_at) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
		[id, type, key, unit.now]
	);
	return kept === 1;
}

/** The oldest hints that nobody followed yet. */
export const unfollowed = (store: Store, limit: number): Promise<Notice[]> =>
	store.all<Notice>(
		`SELECT provider_event_id AS id, type, key FROM provider_events WHERE followed_at IS NULL
		ORDER BY received_at LIMIT ?`,
		[limit]
	);

/** Marks a hint as followed, in the unit that records what was found. */
export const followed = (unit: Unit, { id }: Notice): Promise<number> =>
	unit.run("UPDATE provider_events SET followed_at = ? WHERE provider_event_id = ?", [unit.now, id]);
