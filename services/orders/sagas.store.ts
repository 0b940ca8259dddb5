import type { z } from "zod";
import type { Store } from "../../broker/sql/store.ts";
import type { Value } from "../../broker/sql/sql.ts";
import { pageFrom } from "../../broker/page.ts";
import type { OrderStep, SagaDetail } from "./orders.contract.ts";

type Detail = z.output<typeof SagaDetail>;
type Summary = Omit<Detail, "state" | "steps">;

interface SagaRow {
	id: number;
	type: string;
	subject: string;
	status: Summary["status"];
	step: number;
	attempts: number;
	reason: string | null;
	error: string | null;
	data: string;
	created_at: string;
	updated_at: string;
}

const summaryOf = (row: SagaRow): Summary => ({
	id: row.id,
	type: row.type,
	subject: row.subject,
	status: row.status,
	step: row.step,
	attempts: row.attempts,
	reason: row.reason ?? undefined,
	error: row.error ?? undefined,
	createdAt: row.created_at,
	updatedAt: row.updated_at
});

/** The timeline of one saga, or of all sagas of one order. */
export async function stepsOf(
	store: Store,
	of: { id: number } | { subject: string }
): Promise<z.output<typeof OrderStep>[]> {
	const which = "id" in of ? "= ?" : "IN (SELECT id FROM sagas WHERE subject = ?)";
	const rows = await store.all<Omit<z.output<typeof OrderStep>, "detail"> & { detail: Value }>(
		`SELECT saga_steps.step, direction, saga_steps.status, attempt, detail, at, correlation_id AS "requestId"
		FROM saga_steps JOIN sagas ON sagas.id = saga_id WHERE saga_id ${which} ORDER BY saga_steps.id`,
		["id" in of ? of.id : of.subject]
	);
	return rows.map(({ detail, ...step }) => ({ ...step, detail: (detail as string | null) ?? undefined }));
}

/** A page of sagas, the newest first. */
export async function sagaPage(
	store: Store,
	{ status, after, limit }: { status?: string; after?: number; limit: number }
): Promise<{ items: Summary[]; next?: number }> {
	const rows = await store.all<SagaRow>(
		`SELECT * FROM sagas WHERE (CAST(? AS TEXT) IS NULL OR status = ?) AND (CAST(? AS BIGINT) IS NULL OR id < ?)
		ORDER BY id DESC LIMIT ?`,
		[status ?? null, status ?? null, after ?? null, after ?? null, limit + 1]
	);
	return pageFrom(rows, limit, summaryOf);
}

/** One saga with its state and timeline. */
export async function sagaDetail(store: Store, id: number): Promise<Detail | undefined> {
	const row = await store.get<SagaRow>("SELECT * FROM sagas WHERE id = ?", [id]);
	if (!row) return undefined;
	return { ...summaryOf(row), state: JSON.parse(row.data) as Detail["state"], steps: await stepsOf(store, { id }) };
}
