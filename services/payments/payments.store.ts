import { isErased, noteErased } from "../../broker/sql/erasure.ts";
import type { Store, Unit } from "../../broker/sql/store.ts";
import type { CarriedOrder } from "../orders/orders.contract.ts";
import { entriesOfCapture, type Entry } from "./ledger.ts";
import { CHANGES, type Change, isDecided, type State, told } from "./payment.ts";
import { announce, tell } from "./payments.announce.ts";
import type { Payment } from "./payments.contract.ts";
import type { Answer } from "./providers/provider.ts";

export interface PaymentRow {
	id: number;
	order_id: number;
	/** Null in a tombstone: the order was given up before its payment came. Nobody is shown it. */
	user_id: number | null;
	state: State;
	amount: number;
	/** On its way back to the customer, and not yet confirmed by the provider. */
	refunding: number;
	refunded: number;
	currency: string | null;
	provider_key: string;
	provider_ref: string | null;
	/** Why it failed or was voided. */
	reason: string | null;
	/** The order as it travels with its events, when events drive it. */
	carried: string | null;
	correlation_id: string;
	traceparent: string | null;
	version: number;
	created_at: string;
	updated_at: string;
}

type Reader = Pick<Store | Unit, "get">;

/** A payment to be made. */
export interface Wanted {
	orderId: number;
	userId: number;
	amount: number;
	currency: string;
	token: string;
	order?: CarriedOrder;
}

/** A row as the contract shows it. */
export const toPayment = (row: PaymentRow): Payment => ({
	id: row.id,
	orderId: row.order_id,
	userId: row.user_id!,
	state: row.state,
	amount: row.amount,
	refunded: row.refunded,
	currency: row.currency!,
	reason: row.reason ?? undefined,
	createdAt: row.created_at,
	updatedAt: row.updated_at,
	version: row.version
});

export const byId = (sql: Reader, id: number): Promise<PaymentRow | undefined> =>
	sql.get<PaymentRow>("SELECT * FROM payments WHERE id = ?", [id]);

export const ofOrder = (sql: Reader, orderId: number): Promise<PaymentRow | undefined> =>
	sql.get<PaymentRow>("SELECT * FROM payments WHERE order_id = ?", [orderId]);

export const ofKey = (sql: Reader, providerKey: string): Promise<PaymentRow | undefined> =>
	sql.get<PaymentRow>("SELECT * FROM payments WHERE provider_key = ?", [providerKey]);

/** Payments that the provider was asked for before `since` and whose outcome is not known. */
export const leftOpenBefore = (store: Store, since: string, limit: number): Promise<PaymentRow[]> =>
	store.all<PaymentRow>(
		"SELECT * FROM payments WHERE state IN ('NEW', 'UNKNOWN') AND updated_at < ? ORDER BY updated_at LIMIT ?",
		[since, limit]
	);

export const paymentsAfter = (store: Store, id: number, limit: number): Promise<PaymentRow[]> =>
	store.all<PaymentRow>("SELECT * FROM payments WHERE id > ? ORDER BY id LIMIT ?", [id, limit]);

const INSERT = `INSERT INTO payments (order_id, user_id, state, amount, currency, provider_key, carried, correlation_id,
	traceparent, version, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 1, ?, ?)
	ON CONFLICT (order_id) DO NOTHING RETURNING *`;

/** The key under which an order's request is sent to the provider, however often it is sent. */
export const keyOf = (orderId: number, request: string): string => `order-${orderId}:${request}`;

/** Writes down that a payment is to be made, before anybody is asked for it. Finds the one there is. */
export async function intend(unit: Unit, wanted: Wanted): Promise<{ payment: PaymentRow; fresh: boolean }> {
	const { orderId, userId, amount, currency, order } = wanted;
	const made = await unit.get<PaymentRow>(INSERT, [
		orderId,
		userId,
		"NEW",
		amount,
		currency,
		keyOf(orderId, "authorize"),
		order ? JSON.stringify(order) : null,
		unit.origin.correlationId,
		unit.origin.traceparent ?? null,
		unit.now,
		unit.now
	]);
	return made ? { payment: made, fresh: true } : { payment: (await ofOrder(unit, orderId))!, fresh: false };
}

/** Sees to it that no payment of this order comes any more. Finds the one there is. */
export async function bury(unit: Unit, orderId: number): Promise<PaymentRow> {
	const buried = await unit.get<PaymentRow>(INSERT, [
		orderId,
		null,
		"VOIDED",
		0,
		null,
		keyOf(orderId, "authorize"),
		null,
		unit.origin.correlationId,
		unit.origin.traceparent ?? null,
		unit.now,
		unit.now
	]);
	return buried ?? (await ofOrder(unit, orderId))!;
}

/** One statement a change, conditional on the states that the rules let it start from: of two changes one wins. */
const MOVES = Object.fromEntries(
	Object.entries(CHANGES).map(([change, { from }]) => [
		change,
		`UPDATE payments SET state = ?, provider_ref = COALESCE(?, provider_ref), reason = COALESCE(?, reason),
		carried = COALESCE(?, carried), version = version + 1, updated_at = ? WHERE id = ? AND state IN (${from.map(state => `'${state}'`).join(", ")})
		RETURNING *`
	])
) as Record<Change, string>;

interface Facts {
	ref?: string | undefined;
	/** Why, as the provider or the caller says. */
	reason?: string | undefined;
	/** The order, when an event that carried it led here. */
	order?: CarriedOrder | undefined;
}

/** Makes a change, with its entries in the ledger and its event. Undefined when the payment's state does not allow it now. */
export async function change(
	unit: Unit,
	payment: PaymentRow,
	what: Change,
	facts: Facts = {}
): Promise<PaymentRow | undefined> {
	const { ref, reason, order } = facts;
	const changed = await unit.get<PaymentRow>(MOVES[what], [
		CHANGES[what].to,
		ref ?? null,
		reason ?? null,
		// As it is now, it was told.
		what === "captured" && order && payment.carried !== null ? JSON.stringify(order) : null,
		unit.now,
		payment.id
	]);
	if (!changed) return undefined;
	if (what === "captured") post(unit, changed, keyOf(changed.order_id, "capture"), entriesOfCapture(changed.amount));
	announce(unit, changed, what, reason ?? "PAYMENT_VOIDED", order);
	if (changed.carried && isDecided(changed.state) && (await isErased(unit, changed.user_id!)))
		await eraseAddress(unit, changed);
	return changed;
}

/** Erases where the orders of a removed user went. Those under way are only touched: whoever decides one at this moment is overtaken, and learns of it. */
export async function eraseUser(unit: Unit, userId: number): Promise<void> {
	await noteErased(unit, userId);
	for (const row of await unit.all<PaymentRow>("SELECT * FROM payments WHERE user_id = ? AND carried IS NOT NULL", [
		userId
	]))
		if (isDecided(row.state)) await eraseAddress(unit, row);
		else await unit.run("UPDATE payments SET user_id = user_id WHERE id = ?", [row.id]);
}

async function eraseAddress(unit: Unit, { id, carried }: PaymentRow): Promise<void> {
	const { shippingAddress: _, ...order } = JSON.parse(carried!) as CarriedOrder;
	await unit.run("UPDATE payments SET carried = ? WHERE id = ?", [JSON.stringify(order), id]);
}

/** Records what the provider answered, or what its books say. Resolves to the payment as it is then, whoever changed it. */
export async function settle(unit: Unit, payment: PaymentRow, answer: Answer, facts: Facts = {}): Promise<PaymentRow> {
	const what = answer.state === "refunded" ? undefined : told(payment.state, answer.state);
	const { ref } = answer;
	// Why a payment was declined is the provider's to say, why it was voided is ours.
	const reason = answer.state === "voided" ? undefined : answer.reason;
	const changed = what && (await change(unit, payment, what, { ref, reason, ...facts }));
	if (changed) return changed;
	const now = (await byId(unit, payment.id))!;
	if (what === "captured" && facts.order) tell(unit, now, "capture", facts.order);
	return now;
}

/** Writes the entries of one transaction, which sum to zero, under a key that no other has. */
export function post(unit: Unit, { id, currency }: PaymentRow, key: string, entries: readonly Entry[]): void {
	for (const { account, amount } of entries)
		unit.append("ledger_entries", {
			transaction_key: key,
			payment_id: id,
			account,
			amount,
			currency,
			at: unit.now
		});
}
