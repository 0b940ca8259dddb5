import { z } from "zod";
import { events, type ActionSpec, type EventsOf } from "./contract.ts";
import { Refusal } from "./errors.ts";
import type { Store } from "./sql/store.ts";

/** An event that a service could not handle, or that waits behind one of the same subject. */
export const DeadLetter = z
	.strictObject({
		id: z.string().describe("`<service>-<number>`"),
		consumer: z.string(),
		eventId: z.string(),
		type: z.string(),
		subject: z.string(),
		status: z.enum(["PARKED", "WAITING", "RETRIED", "DISCARDED"]),
		error: z.string().nullable(),
		attempts: z.int(),
		parkedAt: z.string(),
		resolvedAt: z.string().nullable(),
		event: z.record(z.string(), z.unknown())
	})
	.meta({ id: "DeadLetter" });
export type DeadLetter = z.output<typeof DeadLetter>;

const About = z.strictObject({ deadLetter: z.string(), consumer: z.string(), type: z.string(), subject: z.string() });

/** What the platform itself announces. */
export const systemEvents = events("system", {
	dead_letter_parked: About.extend({ error: z.string() }),
	dead_letter_retried: About,
	dead_letter_discarded: About,
	saga_needs_attention: z.strictObject({ saga: z.string(), type: z.string(), step: z.string(), error: z.string() }),
	timer_parked: z.strictObject({ service: z.string(), kind: z.string(), about: z.string(), error: z.string() })
});
declare module "./contract.ts" {
	interface Events extends EventsOf<typeof systemEvents> {}
}

export class DeadLetterNotFound extends Refusal {
	constructor(id: string) {
		super("There is no such dead letter waiting", 404, "DEAD_LETTER_NOT_FOUND", { id });
	}
}

/** The event was tried again and failed again; it stays parked. */
export class DeadLetterFailedAgain extends Refusal {
	constructor(id: string, error: string) {
		super("The event could still not be handled", 409, "DEAD_LETTER_FAILED_AGAIN", { id, error });
	}
}

const number = z.int().positive();

/** What every service with an inbox lets operators do, through the gateway. */
export const deadLetterActions = {
	deadLetters: {
		summary: "The events this service could not handle",
		params: z.strictObject({
			status: DeadLetter.shape.status.optional(),
			limit: z.int().min(1).max(1000).default(100)
		}),
		result: z.array(DeadLetter),
		access: "internal"
	},
	retryDeadLetter: {
		summary: "Handles a parked event again, with other data where it is given",
		params: z.strictObject({ number, data: z.record(z.string(), z.unknown()).optional() }),
		result: z.null(),
		access: "internal",
		refuses: [DeadLetterNotFound, DeadLetterFailedAgain]
	},
	discardDeadLetter: {
		summary: "Gives a parked event up",
		params: z.strictObject({ number }),
		result: z.null(),
		access: "internal",
		refuses: [DeadLetterNotFound]
	}
} as const satisfies Record<string, ActionSpec>;

interface Row {
	id: number;
	consumer: string;
	event_id: string;
	type: string;
	subject: string;
	status: DeadLetter["status"];
	error: string | null;
	attempts: number;
	parked_at: string;
	resolved_at: string | null;
	event: string;
}

/** The dead letters of one store, the newest first; without a status, those that are still waiting. */
export async function listDeadLetters(
	store: Store,
	limit: number,
	status?: DeadLetter["status"]
): Promise<DeadLetter[]> {
	const rows = await store.all<Row>(
		`SELECT * FROM dead_letters WHERE status = ? OR (CAST(? AS TEXT) IS NULL AND status IN ('PARKED', 'WAITING')) ORDER BY id DESC LIMIT ?`,
		[status ?? null, status ?? null, limit]
	);
	return rows.map(row => ({
		id: `${row.consumer}-${row.id}`,
		consumer: row.consumer,
		eventId: row.event_id,
		type: row.type,
		subject: row.subject,
		status: row.status,
		error: row.error,
		attempts: row.attempts,
		parkedAt: row.parked_at,
		resolvedAt: row.resolved_at,
		event: JSON.parse(row.event) as Record<string, unknown>
	}));
}
