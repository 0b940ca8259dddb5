import { noneOf, type Sql } from "../sql/sql.ts";
import type { Unit } from "../sql/store.ts";

/**
 * RUNNING goes forward, COMPENSATING goes back. WATCHED belongs to a process that others drive by events: the saga only
 * takes over when that one stalls. NEEDS_ATTENTION waits for an operator.
 */
export type SagaStatus = "RUNNING" | "COMPENSATING" | "WATCHED" | "DONE" | "COMPENSATED" | "NEEDS_ATTENTION";

/** One running saga as its log keeps it. */
export interface Instance<State = unknown> {
	id: number;
	type: string;
	version: number;
	subject: string;
	status: SagaStatus;
	/** The step that is next in the direction of the status. */
	step: number;
	state: State;
	reason: string | null;
	attempts: number;
	correlationId: string;
	traceparent: string | null;
	/** Until when this worker holds it, in milliseconds since the epoch. */
	leasedUntil: number;
	/** Grows with every taking of the lease; a write with an older one changes nothing. */
	fence: number;
	/** Taken from the log, not begun here: whoever had it before may have come further than the log says. */
	resumed: boolean;
}

interface InstanceRow extends Omit<Instance, "state" | "correlationId" | "leasedUntil" | "resumed"> {
	data: string;
	correlation_id: string;
	lease_until: number;
}

/** How long a worker may go without a word before another takes its saga, in milliseconds. */
const LEASE_MS = 15_000;

/** Writes the first line of a saga's log, in the unit that starts it. With `lease`, this worker runs it at once. */
export async function begin(
	unit: Unit,
	saga: { name: string; version: number },
	subject: string,
	state: unknown,
	mode: { lease: string | null } | { watchUntil: number }
): Promise<Instance> {
	const status: SagaStatus = "lease" in mode ? "RUNNING" : "WATCHED";
	const now = Date.now();
	const { correlationId, traceparent } = unit.origin;
	const row = await unit.get<{ id: number }>(
		`INSERT INTO sagas (type, version, subject, status, data, correlation_id, traceparent, lease_owner, lease_until, fence,
			next_run_at, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 1, ?, ?, ?) RETURNING id`,
		[
			saga.name,
			saga.version,
			subject,
			status,
			JSON.stringify(state),
			correlationId,
			traceparent ?? null,
			"lease" in mode ? mode.lease : null,
			"lease" in mode && mode.lease ? now + LEASE_MS : 0,
			"lease" in mode ? now : mode.watchUntil,
			unit.now,
			unit.now
		]
	);
	return {
		id: row!.id,
		type: saga.name,
		version: saga.version,
		subject,
		status,
		step: 0,
		state,
		reason: null,
		attempts: 0,
		correlationId,
		traceparent: traceparent ?? null,
		leasedUntil: now + LEASE_MS,
		fence: 1,
		resumed: false
	};
}

/** Takes the lease of one saga that is due and that nobody works on, and with it a new fence; none of those that run `here`. */
export async function claim(unit: Unit, owner: string, here: readonly number[]): Promise<Instance | undefined> {
	const now = Date.now();
	const elsewhere = noneOf("id", here);
	const row = await unit.get<InstanceRow>(
		`UPDATE sagas SET lease_owner = ?, lease_until = ?, fence = fence + 1,
			step = CASE status WHEN 'WATCHED' THEN 0 ELSE step END,
			status = CASE status WHEN 'WATCHED' THEN 'RUNNING' ELSE status END
		WHERE id = (SELECT id FROM sagas WHERE status IN ('RUNNING', 'COMPENSATING', 'WATCHED') AND next_run_at <= ?
			AND lease_until <= ? AND ${elsewhere.sql} ORDER BY next_run_at LIMIT 1)
		RETURNING *`,
		[owner, now + LEASE_MS, now, now, ...elsewhere.values]
	);
	return row && instanceOf(row);
}

/** Sends a saga that needed attention on its way again, in the direction it was going. */
export async function push(unit: Unit, id: number): Promise<boolean> {
	const changed = await unit.run(
		`UPDATE sagas SET status = CASE WHEN reason IS NULL THEN 'RUNNING' ELSE 'COMPENSATING' END, attempts = 0,
			next_run_at = ?, lease_until = 0, updated_at = ? WHERE id = ? AND status = 'NEEDS_ATTENTION'`,
		[Date.now(), unit.now, id]
	);
	return changed === 1;
}

/** What a worker changes of a saga that it holds. */
export type Change = Partial<Pick<Instance, "status" | "step" | "state" | "reason" | "attempts">> & {
	error?: string | null;
	/** Gives the lease back, to be run again no sooner than this many milliseconds from now. */
	releaseFor?: number;
};

/** Another worker took the saga over: this one must stop, and what it would write is not written. */
export class Fenced extends Error {
	override name = "Fenced";
}

/** Writes a change if this worker still holds the saga. Throws Fenced when its fence is no longer the newest. */
export async function change(unit: Unit, held: Instance, to: Change): Promise<Instance> {
	const now = Date.now();
	const leasedUntil = to.releaseFor === undefined ? now + LEASE_MS : 0;
	const next = { ...held, ...to, leasedUntil };
	const changed = await unit.run(
		`UPDATE sagas SET status = ?, step = ?, data = ?, reason = ?, attempts = ?, error = ?, lease_until = ?, next_run_at = ?,
			updated_at = ? WHERE id = ? AND fence = ?`,
		[
			next.status,
			next.step,
			JSON.stringify(next.state),
			next.reason,
			next.attempts,
			to.error ?? null,
			leasedUntil,
			now + (to.releaseFor ?? 0),
			unit.now,
			held.id,
			held.fence
		]
	);
	if (changed === 0) throw new Fenced(`Saga ${held.id} is worked on by another`);
	return next;
}

/** One line of a saga's timeline. */
export function note(
	unit: Unit,
	id: number,
	line: { step: string; direction: "forward" | "back"; status: string; attempt: number; detail?: string }
): void {
	unit.append("saga_steps", {
		saga_id: id,
		step: line.step,
		direction: line.direction,
		status: line.status,
		attempt: line.attempt,
		detail: line.detail ?? null,
		at: unit.now
	});
}

/**
 * Ends the watch over a process that others drive, or begins it anew. Resolves to false, and changes nothing, once a worker
 * has taken it over: then the saga alone decides.
 */
export async function watched(
	unit: Unit,
	subject: string,
	to: { heard: string } & ({ until: number } | { ended: "DONE" | "COMPENSATED"; reason?: string })
): Promise<boolean> {
	const [status, until, reason] =
		"ended" in to ? [to.ended, 0, to.reason ?? null] : (["WATCHED", to.until, null] as const);
	const row = await unit.get<{ id: number }>(
		`UPDATE sagas SET status = ?, next_run_at = ?, reason = ?, step = step + 1, updated_at = ?
		WHERE subject = ? AND status = 'WATCHED' RETURNING id`,
		[status, until, reason, unit.now, subject]
	);
	if (row) note(unit, row.id, { step: to.heard, direction: "forward", status: "HEARD", attempt: 1 });
	return row !== undefined;
}

/** When the next saga is due, in milliseconds since the epoch, of those that do not run `here`. */
export async function nextDue(sql: Pick<Sql, "get">, here: readonly number[]): Promise<number | undefined> {
	const elsewhere = noneOf("id", here);
	const row = await sql.get<{ due: number | null }>(
		`SELECT min(CASE WHEN next_run_at > lease_until THEN next_run_at ELSE lease_until END) AS due FROM sagas
		WHERE status IN ('RUNNING', 'COMPENSATING', 'WATCHED') AND ${elsewhere.sql}`,
		elsewhere.values
	);
	return row?.due ?? undefined;
}

/** How many sagas wait for a person. */
export async function sagasInNeed(sql: Pick<Sql, "get">): Promise<number> {
	return (await sql.get<{ n: number }>("SELECT count(*) AS n FROM sagas WHERE status = 'NEEDS_ATTENTION'"))!.n;
}

function instanceOf({ data, correlation_id, lease_until, ...row }: InstanceRow): Instance {
	const state = JSON.parse(data) as unknown;
	return { ...row, state, correlationId: correlation_id, leasedUntil: lease_until, resumed: true };
}
