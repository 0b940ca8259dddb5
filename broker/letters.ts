import { DeadLetterNotFound } from "./dead-letters.ts";
import type { SoukEvent } from "./event.ts";
import type { Store, Unit } from "./sql/store.ts";

const OPEN = "status IN ('PARKED', 'WAITING')";

/** One dead letter, as whoever handles it needs it. */
export interface Letter {
	id: number;
	event: SoukEvent;
	status: "PARKED" | "WAITING";
}

/** Why an event could not be handled, after how many tries. */
export interface Failure {
	error: string;
	attempts: number;
}

type LetterRow = Omit<Letter, "event"> & { event: string };

const letterOf = (row: LetterRow | undefined): Letter | undefined =>
	row && { ...row, event: JSON.parse(row.event) as SoukEvent };

/** The subjects of which something is parked or waits. */
export async function heldSubjects(store: Store): Promise<string[]> {
	const rows = await store.all<{ subject: string }>(`SELECT DISTINCT subject FROM dead_letters WHERE ${OPEN}`);
	return rows.map(({ subject }) => subject);
}

/** How many events are parked or wait. */
export async function openLetters(store: Store): Promise<number> {
	return (await store.get<{ n: number }>(`SELECT count(*) AS n FROM dead_letters WHERE ${OPEN}`))!.n;
}

/** What is parked under this number. Throws DeadLetterNotFound. */
export async function parkedLetter(store: Store, consumer: string, id: number): Promise<Letter> {
	const letter = letterOf(
		await store.get<LetterRow>("SELECT id, event, status FROM dead_letters WHERE id = ? AND status = 'PARKED'", [id])
	);
	if (!letter) throw new DeadLetterNotFound(`${consumer}-${id}`);
	return letter;
}

/** What is first in the line of a subject. */
export async function firstInLine(store: Store, subject: string): Promise<Letter | undefined> {
	return letterOf(
		await store.get<LetterRow>(
			`SELECT id, event, status FROM dead_letters WHERE subject = ? AND ${OPEN} ORDER BY id LIMIT 1`,
			[subject]
		)
	);
}

/** Writes that an event cannot be handled, and announces it, unless the event has a letter already: it came again. */
export async function park(unit: Unit, consumer: string, event: SoukEvent, failure: Failure): Promise<void> {
	const id = await write(unit, consumer, event, "PARKED", failure);
	if (id !== undefined) announce(unit, "system.dead_letter_parked", consumer, id, event, { error: failure.error });
}

/**
 * Lets an event wait behind those of its subject. Resolves to false when there is nothing to wait for any more: asked
 * inside the unit, or a subject that is released meanwhile would leave the event waiting for nobody.
 */
export async function standInLine(unit: Unit, consumer: string, event: SoukEvent): Promise<boolean> {
	if (await unit.get("SELECT 1 FROM dead_letters WHERE consumer = ? AND event_id = ?", [consumer, event.id]))
		return true;
	// Written, not only read: of this and the unit that resolves the last in line, one then sees the other.
	const ahead = await unit.run(
		`UPDATE dead_letters SET attempts = attempts
		WHERE id = (SELECT max(id) FROM dead_letters WHERE subject = ? AND ${OPEN})`,
		[event.subject]
	);
	if (ahead > 0) await write(unit, consumer, event, "WAITING");
	return ahead > 0;
}

async function write(
	unit: Unit,
	consumer: string,
	event: SoukEvent,
	status: Letter["status"],
	{ error, attempts }: Partial<Failure> = {}
): Promise<number | undefined> {
	const row = await unit.get<{ id: number }>(
		`INSERT INTO dead_letters (consumer, event_id, type, subject, event, status, error, attempts, parked_at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING RETURNING id`,
		[
			consumer,
			event.id,
			event.type,
			event.subject,
			JSON.stringify(event),
			status,
			error ?? null,
			attempts ?? 0,
			unit.now
		]
	);
	return row?.id;
}

/** Notes that a parked event was tried again in vain. */
export async function failedAgain(unit: Unit, id: number, error: string): Promise<void> {
	await unit.run("UPDATE dead_letters SET attempts = attempts + 1, error = ? WHERE id = ? AND status = 'PARKED'", [
		error,
		id
	]);
}

/** Ends the parking of an event, as it was handled or given up, and announces it. Throws DeadLetterNotFound. */
export async function resolve(
	unit: Unit,
	consumer: string,
	{ id, event }: Letter,
	status: "RETRIED" | "DISCARDED"
): Promise<void> {
	const changed = await unit.run(
		"UPDATE dead_letters SET status = ?, event = ?, resolved_at = ? WHERE id = ? AND status = 'PARKED'",
		[status, JSON.stringify(event), unit.now, id]
	);
	if (changed === 0) throw new DeadLetterNotFound(`${consumer}-${id}`);
	// What was given up is not taken up again when it is delivered once more.
	await markHandled(unit, consumer, event);
	const type = status === "RETRIED" ? "system.dead_letter_retried" : "system.dead_letter_discarded";
	announce(unit, type, consumer, id, event, {});
}

/** Notes how the turn of an event went that had waited in line. */
export async function tookTurn(unit: Unit, consumer: string, { id, event }: Letter, failure?: Failure): Promise<void> {
	const changed = await unit.run(
		`UPDATE dead_letters SET status = ?, error = ?, attempts = ?, resolved_at = ? WHERE id = ? AND status = 'WAITING'`,
		[failure ? "PARKED" : "RETRIED", failure?.error ?? null, failure?.attempts ?? 0, failure ? null : unit.now, id]
	);
	// Another process may have handled it at the same time; what it found stands.
	if (failure && changed > 0)
		announce(unit, "system.dead_letter_parked", consumer, id, event, { error: failure.error });
}

/** Marks an event as handled. Resolves to whether it was not before. */
export async function markHandled(unit: Unit, consumer: string, event: SoukEvent): Promise<boolean> {
	const inserted = await unit.run(
		"INSERT INTO inbox (consumer, event_id, received_at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
		[consumer, event.id, unit.now]
	);
	return inserted === 1;
}

function announce(
	unit: Unit,
	type: "system.dead_letter_parked" | "system.dead_letter_retried" | "system.dead_letter_discarded",
	consumer: string,
	id: number,
	event: SoukEvent,
	more: { error?: string }
): void {
	// A consumer that cannot handle these would otherwise announce each with another one, for ever.
	if (event.type.startsWith("system.dead_letter")) return;
	const deadLetter = `${consumer}-${id}`;
	const about = { deadLetter, consumer, type: event.type, subject: event.subject };
	unit.emit(type, `dead-letter/${deadLetter}`, { ...about, ...more } as never);
}
