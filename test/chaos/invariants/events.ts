import { type Entry, verifyChain, verifyEnd } from "../../../services/audit/chain.ts";
import { unitsOfInboxes } from "../points.ts";
import type { Invariant } from "./invariant.ts";

/** Heard whatever they carry. The others are only the business of those who follow a choreographed order. */
const ALWAYS = [
	"user.created",
	"order.held",
	"order.confirmed",
	"order.cancelled",
	"order.shipped",
	"order.delivered",
	"payment.refunded",
	"return.requested",
	"return.refused",
	"return.completed",
	"shipment.dispatched",
	"shipment.delivered",
	"product.imported",
	"inventory.stocked"
];

/** Who hears what, as the services' tables of contents say. */
let hearers: { consumer: string; type: string }[] | undefined;
const heard = () =>
	(hearers ??= unitsOfInboxes().map(unit => ({ consumer: unit.split("<")[0]!, type: unit.split("<")[1]! })));

/** Every event is carried to everyone who hears it, and has its effect once. */
export const events: Invariant[] = [
	{
		name: "I6 every event was published",
		settles: true,
		breaches: books => books.everywhere("SELECT seq, type, subject FROM @.outbox WHERE published_at IS NULL")
	},
	{
		name: "I5 every event is in the audit log once",
		settles: true,
		breaches: books => {
			const logged = Map.groupBy(
				books.rows<{ event_id: string; n: number }>(
					"SELECT event_id, count(*) AS n FROM audit.audit_log GROUP BY event_id"
				),
				({ event_id }) => event_id
			);
			return books
				.everywhere<{ id: string; type: string; subject: string }>("SELECT id, type, subject FROM @.outbox")
				.filter(({ id }) => logged.get(id)?.[0]?.n !== 1);
		}
	},
	{
		name: "I5 everyone who hears an event has handled it",
		settles: true,
		breaches: books => {
			const handled = new Set(
				books
					.everywhere<{ consumer: string; event_id: string }>("SELECT consumer, event_id FROM @.inbox")
					.map(({ consumer, event_id }) => `${consumer} ${event_id}`)
			);
			for (const { consumer, event_id } of books.everywhere<{ consumer: string; event_id: string }>(
				"SELECT consumer, event_id FROM @.dead_letters WHERE status = 'DISCARDED'"
			))
				handled.add(`${consumer} ${event_id}`);
			const hearing = Map.groupBy(heard(), ({ type }) => type);
			return books
				.everywhere<{ id: string; type: string; carries: number }>(
					"SELECT id, type, payload -> 'data' ->> 'order' IS NOT NULL AS carries FROM @.outbox"
				)
				.filter(({ type, carries }) => carries === 1 || ALWAYS.includes(type))
				.flatMap(({ id, type }) =>
					(hearing.get(type) ?? [])
						.filter(({ consumer }) => !handled.has(`${consumer} ${id}`))
						.map(({ consumer }) => ({ consumer, type, id }))
				);
		}
	},
	{
		name: "I5 the chain of the audit log is whole",
		breaches: books => {
			const { last, brokenAt } = verifyChain(
				books.rows<Entry>(
					`SELECT seq, event_id AS eventId, at, type, subject, source, version, correlation_id AS correlationId,
						causation_id AS causationId, traceparent, data, prev_hash AS prevHash, hash FROM audit.audit_log ORDER BY seq`
				)
			);
			const broken = brokenAt ?? verifyEnd(last, books.rows<Entry>("SELECT seq, hash FROM audit.audit_head")[0]);
			return broken === undefined ? [] : [{ brokenAt: broken }];
		}
	},
	{
		name: "I5 nothing was heard that nobody said",
		breaches: books => {
			const said = new Set(books.everywhere<{ id: string }>("SELECT id FROM @.outbox").map(({ id }) => id));
			return books
				.everywhere<{ event_id: string }>("SELECT consumer, event_id FROM @.inbox")
				.filter(({ event_id }) => !said.has(event_id));
		}
	},
	{
		name: "I5 no dead letter waits",
		breaches: books => books.everywhere("SELECT * FROM @.dead_letters WHERE status IN ('PARKED', 'WAITING')")
	},
	{
		name: "I7 the events of a subject are logged in the order they were committed",
		breaches: books =>
			books.stores.flatMap(store =>
				books
					.rows(
						`SELECT sent.subject, sent.seq, sent.type, logged.seq AS logged, max(logged.seq) OVER earlier AS before
					FROM ${store}.outbox AS sent JOIN audit.audit_log AS logged ON logged.event_id = sent.id
					WINDOW earlier AS (PARTITION BY sent.subject ORDER BY sent.seq ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)`
					)
					.filter(({ logged, before }) => before !== null && before! > logged!)
					.map(row => ({ store, ...row }))
			)
	}
];
