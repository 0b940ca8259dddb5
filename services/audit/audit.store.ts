import { DataTypes } from "sequelize";
import type { SoukEvent } from "../../broker/event.ts";
import { markManyHandled } from "../../broker/handled.ts";
import type { Store, Unit } from "../../broker/sql/store.ts";
import type { Model } from "../../mixins/store.mixin.ts";
import type { AuditedEvent, AuditEntry } from "./audit.contract.ts";
import { chained, START, type Entry, type Link } from "./chain.ts";
import { factOf } from "./fact.ts";

const text = (field: string) => ({ type: DataTypes.STRING, field });

/** The log as lists read it. `page` counts by `id`. */
export const model: Model = {
	name: "audit_log",
	define: {
		id: { type: DataTypes.INTEGER, field: "seq", primaryKey: true },
		eventId: text("event_id"),
		at: DataTypes.STRING,
		type: DataTypes.STRING,
		subject: DataTypes.STRING,
		source: DataTypes.STRING,
		version: DataTypes.INTEGER,
		correlationId: text("correlation_id"),
		causationId: text("causation_id"),
		traceparent: DataTypes.STRING,
		data: DataTypes.TEXT,
		prevHash: text("prev_hash"),
		hash: DataTypes.STRING
	},
	options: { tableName: "audit_log", timestamps: false }
};
export type Row = Omit<Entry, "seq"> & { id: number };

const ENTRIES = `SELECT seq, event_id AS "eventId", at, type, subject, source, version, correlation_id AS "correlationId",
	causation_id AS "causationId", traceparent, data, prev_hash AS "prevHash", hash FROM audit_log`;

/** An entry as the contract shows it. */
export const entryOf = ({ id, version, causationId, traceparent, data, ...row }: Row): AuditEntry => ({
	...row,
	seq: id,
	version: version ?? undefined,
	causationId: causationId ?? undefined,
	traceparent: traceparent ?? undefined,
	data: JSON.parse(data) as unknown
});

/** An entry without the hashes that chain it. */
export const eventOf = ({ prevHash: _before, hash: _own, ...entry }: AuditEntry): AuditedEvent => entry;

/** Where the chain ends, noted apart from it; absent only when somebody removed it. */
export const headOf = (sql: Pick<Store | Unit, "get">): Promise<Link | undefined> =>
	sql.get<Link>("SELECT seq, hash FROM audit_head WHERE id = 1");

/**
 * Appends events that are not in the log yet, in their order. The end of the chain is read and moved in the same unit, so
 * a unit that runs again, or shares its commit with another, ties on where it should.
 */
export async function append(unit: Unit, consumer: string, events: readonly SoukEvent[]): Promise<void> {
	const fresh = await markManyHandled(unit, consumer, events);
	if (fresh.length === 0) return;
	const entries = chained(fresh.map(factOf), (await headOf(unit)) ?? START);
	const { seq, hash } = entries.at(-1)!;
	await unit.run("UPDATE audit_head SET seq = ?, hash = ? WHERE id = 1", [seq, hash]);
	for (const entry of entries)
		unit.append("audit_log", {
			seq: entry.seq,
			event_id: entry.eventId,
			at: entry.at,
			type: entry.type,
			subject: entry.subject,
			source: entry.source,
			version: entry.version,
			correlation_id: entry.correlationId,
			causation_id: entry.causationId,
			traceparent: entry.traceparent,
			data: entry.data,
			prev_hash: entry.prevHash,
			hash: entry.hash
		});
}

/** The entries behind a place, in order. */
export const entriesAfter = (store: Store, seq: number, limit: number): Promise<Entry[]> =>
	store.all<Entry>(`${ENTRIES} WHERE seq > ? ORDER BY seq LIMIT ?`, [seq, limit]);

/** The link that an entry is tied to; the beginning of the chain where there is none before it. */
export const linkBefore = async (store: Store, seq: number): Promise<Link> =>
	(await store.get<Link>("SELECT seq, hash FROM audit_log WHERE seq < ? ORDER BY seq DESC LIMIT 1", [seq])) ?? START;
