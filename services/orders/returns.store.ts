import { type Page, pageFrom } from "../../broker/page.ts";
import { isErased } from "../../broker/sql/erasure.ts";
import type { Value } from "../../broker/sql/sql.ts";
import type { Store, Unit } from "../../broker/sql/store.ts";
import type { Order } from "./orders.contract.ts";
import { CHANGES, type Change, isOver } from "./return.ts";
import type { Return } from "./returns.contract.ts";
import { ReturnNotFound } from "./returns.errors.ts";

interface ReturnRow {
	id: number;
	order_id: number;
	user_id: number;
	status: Return["status"];
	items: string;
	amount: number;
	currency: string;
	/** Null once the account of whoever wrote it was removed, and the return is over. */
	reason: string | null;
	refusal: string | null;
	created_at: string;
	updated_at: string;
	version: number;
}

const toReturn = (row: ReturnRow): Return => ({
	id: row.id,
	orderId: row.order_id,
	userId: row.user_id,
	status: row.status,
	items: JSON.parse(row.items) as Return["items"],
	amount: row.amount,
	currency: row.currency,
	reason: row.reason ?? undefined,
	refusal: row.refusal ?? undefined,
	createdAt: row.created_at,
	updatedAt: row.updated_at,
	version: row.version
});

/** What the events of a return, and the tasks for it, are about. */
const subjectOf = (id: number): string => `return/${id}`;

/** One return. Throws ReturnNotFound. */
export async function findReturn(sql: Pick<Store | Unit, "get">, id: number): Promise<Return> {
	const row = await sql.get<ReturnRow>("SELECT * FROM returns WHERE id = ?", [id]);
	if (!row) throw new ReturnNotFound(id);
	return toReturn(row);
}

/** All returns of an order, whatever became of them. */
export async function returnsOf(unit: Unit, orderId: number): Promise<Return[]> {
	const rows = await unit.all<ReturnRow>("SELECT * FROM returns WHERE order_id = ? ORDER BY id", [orderId]);
	return rows.map(toReturn);
}

/** When an order arrived; undefined when it has not. */
export async function deliveredAt(unit: Unit, orderId: number): Promise<string | undefined> {
	const fact = await unit.get<{ at: string }>("SELECT at FROM order_events WHERE order_id = ? AND type = 'delivered'", [
		orderId
	]);
	return fact?.at;
}

/** Writes a new return, and announces it. The order is touched: of two returns that take the last of it, one sees the other. */
export async function openReturn(
	unit: Unit,
	{ id: orderId, userId, currency }: Order,
	{ items, amount, reason }: Pick<Return, "items" | "amount" | "reason">
): Promise<Return> {
	await unit.run("UPDATE orders SET user_id = user_id WHERE id = ?", [orderId]);
	const row = await unit.get<ReturnRow>(
		`INSERT INTO returns (order_id, user_id, status, items, amount, currency, reason, created_at, updated_at, version)
		VALUES (?, ?, 'REQUESTED', ?, ?, ?, ?, ?, ?, 1) RETURNING *`,
		[orderId, userId, JSON.stringify(items), amount, currency, reason ?? null, unit.now, unit.now]
	);
	const opened = toReturn(row!);
	announce(unit, opened);
	return opened;
}

/** Takes a return one step on, and announces it. Undefined when its state does not allow it, or there is none: it came late or twice. */
export async function changeReturn(
	unit: Unit,
	id: number,
	what: Change,
	refusal?: string
): Promise<Return | undefined> {
	const { from, to } = CHANGES[what];
	const row = await unit.get<ReturnRow>(
		`UPDATE returns SET status = ?, refusal = ?, updated_at = ?, version = version + 1
		WHERE id = ? AND status = ? RETURNING *`,
		[to, refusal ?? null, unit.now, id, from]
	);
	if (!row) return undefined;
	const changed = toReturn(row);
	announce(unit, changed);
	if (isOver(changed) && changed.reason !== undefined && (await isErased(unit, changed.userId))) {
		await eraseReason(unit, id);
		return { ...changed, reason: undefined };
	}
	return changed;
}

/** Erases what a removed user wrote of returns. Those under way are only touched: whoever ends one at this moment is overtaken, and learns of it. */
export async function eraseReturns(unit: Unit, userId: number): Promise<void> {
	for (const row of await unit.all<ReturnRow>("SELECT * FROM returns WHERE user_id = ? AND reason IS NOT NULL", [
		userId
	]))
		if (isOver(row)) await eraseReason(unit, row.id);
		else await unit.run("UPDATE returns SET user_id = user_id WHERE id = ?", [row.id]);
}

const eraseReason = (unit: Unit, id: number): Promise<number> =>
	unit.run("UPDATE returns SET reason = NULL WHERE id = ?", [id]);

const FILTERS = { orderId: "order_id = ?", userId: "user_id = ?", status: "status = ?" };

/** A page of returns, the newest first. */
export async function returnsPage(
	store: Store,
	wanted: { [Name in keyof typeof FILTERS]?: Value | undefined },
	{ limit, after = Number.MAX_SAFE_INTEGER }: { limit: number; after?: number | undefined }
): Promise<Page<Return>> {
	const names = (Object.keys(FILTERS) as (keyof typeof FILTERS)[]).filter(name => wanted[name] !== undefined);
	const conditions = [...names.map(name => FILTERS[name]), "id < ?"].join(" AND ");
	const rows = await store.all<ReturnRow>(`SELECT * FROM returns WHERE ${conditions} ORDER BY id DESC LIMIT ?`, [
		...names.map(name => wanted[name]!),
		after,
		limit + 1
	]);
	return pageFrom(rows, limit, toReturn);
}

const about = ({ id, orderId, userId, items, amount, currency }: Return) => ({
	returnId: id,
	orderId,
	userId,
	items,
	amount,
	currency
});

function announce(unit: Unit, changed: Return): void {
	const { id, status, refusal, version } = changed;
	switch (status) {
		case "REQUESTED":
			return unit.emit("return.requested", subjectOf(id), about(changed), version);
		case "ACCEPTED":
			return unit.emit("return.accepted", subjectOf(id), about(changed), version);
		case "REFUSED":
			return unit.emit("return.refused", subjectOf(id), { ...about(changed), refusal: refusal! }, version);
		case "COMPLETED":
			return unit.emit("return.completed", subjectOf(id), about(changed), version);
	}
}
