import { eventSchema, topicOf, type Events, type EventType } from "../contract.ts";
import type { Origin } from "../context.ts";
import { DeadlineExceeded, IdempotencyKeyReused } from "../errors.ts";
import type { SoukEvent } from "../event.ts";
import { isoNow, uuid7 } from "../ids.ts";
import { type Recording, UNTRACED } from "../tracing/tracer.ts";
import type { Database, Row, Sql, Tx, Value } from "./sql.ts";
import { assertOutsideUnit, insideUnit } from "./unit-guard.ts";

/** What a unit of work may touch: the rows of one store, and the events that leave with them. */
export interface Unit extends Tx {
	/** Announces what this unit changes. The event is committed with it and delivered until every consumer has it. */
	emit<Type extends EventType>(type: Type, subject: string, data: Events[Type], sequence?: number): void;
	/** When this unit runs; all its rows carry the same time. */
	readonly now: string;
	readonly origin: Origin;
}

export interface Caused {
	readonly origin: Origin;
}

/** One service's store: units of work with their events and idempotency records, and reads. */
export class Store {
	readonly database: Database;
	readonly tracer: Recording;
	/** Called after a commit that left events in the outbox. */
	wakeRelay: () => void = () => undefined;

	constructor(database: Database, tracer = UNTRACED) {
		this.database = database;
		this.tracer = tracer;
	}

	/** Reads what is committed. A unit reads through itself: here it would see neither its own writes nor its group's. */
	async get<R = Row>(sql: string, values?: readonly Value[]): Promise<R | undefined> {
		assertOutsideUnit("A read beside it");
		return this.database.get<R>(sql, values);
	}

	async all<R = Row>(sql: string, values?: readonly Value[]): Promise<R[]> {
		assertOutsideUnit("A read beside it");
		return this.database.all<R>(sql, values);
	}

	/**
	 * Runs one unit of work: business rows, events and the record of the client's key commit together or not at all. `work`
	 * may run twice, so it touches nothing but `unit`. With a key in the origin, a second call answers what the first did.
	 * Throws IdempotencyKeyReused, DeadlineExceeded, StoreUnavailable, and what `work` throws.
	 */
	async transact<T>({ origin }: Caused, work: (unit: Unit) => Promise<T>): Promise<T> {
		assertOutsideUnit("A unit of work");
		const { unit: name, correlationId: requestId } = origin;
		return this.tracer.span(
			{ kind: "unit", name, service: this.database.name, requestId },
			origin.traceparent,
			// What the unit announces, begins and sets going is done for the unit.
			traceparent => this.#write(traceparent === origin.traceparent ? origin : { ...origin, traceparent }, work)
		);
	}

	/**
	 * What was answered before under the client's key; undefined when nothing was. For what a handler asks before its unit
	 * and is refused: a repeat is answered all the same. Throws IdempotencyKeyReused.
	 */
	async recall<T>({ origin }: Caused): Promise<T | undefined> {
		return origin.idempotency && recordOf<T>(this, origin);
	}

	#write<T>(origin: Origin, work: (unit: Unit) => Promise<T>): Promise<T> {
		return this.database.write(origin.unit, tx =>
			insideUnit(origin.unit, async () => {
				if (origin.deadline !== undefined && Date.now() > origin.deadline) throw new DeadlineExceeded(origin.unit);
				const unit = this.#unit(tx, origin);
				return origin.idempotency ? await onceByKey(unit, origin, work) : await work(unit);
			})
		);
	}

	#unit(tx: Tx, origin: Origin): Unit {
		let wakes = false;
		return {
			run: (sql, values) => tx.run(sql, values),
			get: (sql, values) => tx.get(sql, values),
			all: (sql, values) => tx.all(sql, values),
			append: (table, row) => tx.append(table, row),
			afterCommit: hook => tx.afterCommit(hook),
			now: isoNow(),
			origin,
			emit: (type, subject, data, sequence) => {
				tx.append("outbox", outboxRow(this.database.name, origin, type, subject, data, sequence));
				if (!wakes) tx.afterCommit(this.wakeRelay);
				wakes = true;
			}
		};
	}
}

function outboxRow<Type extends EventType>(
	service: string,
	origin: Origin,
	type: Type,
	subject: string,
	data: Events[Type],
	sequence?: number
): Row {
	const event: SoukEvent<Type> = {
		specversion: "1.0",
		id: uuid7(),
		source: `/souk/${service}`,
		type,
		subject,
		time: isoNow(),
		sequence,
		traceparent: origin.traceparent,
		correlationid: origin.correlationId,
		causationid: origin.causationId,
		data: (eventSchema(type)?.parse(data) ?? data) as Events[Type]
	};
	return {
		id: event.id,
		topic: topicOf(type),
		type,
		subject,
		aggregate_version: sequence ?? null,
		payload: JSON.stringify(event),
		created_at: event.time
	};
}

async function recordOf<T>(sql: Pick<Sql, "get">, origin: Origin): Promise<T | undefined> {
	const { scope, key, fingerprint } = origin.idempotency!;
	const record = await sql.get<{ fingerprint: string; result: string }>(
		"SELECT fingerprint, result FROM idempotency_keys WHERE scope = ? AND key = ?",
		[scope, key]
	);
	if (!record) return undefined;
	if (record.fingerprint !== fingerprint) throw new IdempotencyKeyReused(key);
	origin.replayed?.();
	return JSON.parse(record.result) as T;
}

async function onceByKey<T>(unit: Unit, origin: Origin, work: (unit: Unit) => Promise<T>): Promise<T> {
	const earlier = await recordOf<T>(unit, origin);
	if (earlier !== undefined) return earlier;
	const { scope, key, fingerprint } = origin.idempotency!;
	const result = await work(unit);
	// Written at once, not appended: a repeat that waits in the same group must find it, or it would do the work again.
	await unit.run("INSERT INTO idempotency_keys (scope, key, fingerprint, result, created_at) VALUES (?, ?, ?, ?, ?)", [
		scope,
		key,
		fingerprint,
		JSON.stringify(result ?? null),
		unit.now
	]);
	return result;
}
