import type { Store, Unit } from "../../broker/sql/store.ts";
import { entriesOfRefund } from "./ledger.ts";
import { refundable } from "./payment.ts";
import { aboutOf, subjectOf } from "./payments.announce.ts";
import { byId, change, keyOf, type PaymentRow, post } from "./payments.store.ts";
import type { Answer } from "./providers/provider.ts";

export interface RefundRow {
	id: number;
	payment_id: number;
	/** What asked for it: a client's key, or the order that was given up. */
	refund_key: string;
	amount: number;
	reason: string;
	status: "PENDING" | "DONE" | "REFUSED";
	provider_ref: string | null;
	correlation_id: string;
	traceparent: string | null;
	created_at: string;
	updated_at: string;
}

/** A refund to be made, under a key that stands for it. */
interface Wanted {
	key: string;
	amount: number;
	reason: string;
}

/** The key under which a refund is sent to the provider. */
export const refundKeyOf = (payment: PaymentRow, refund: RefundRow): string =>
	keyOf(payment.order_id, `refund:${refund.id}`);

/** Writes down that money is to be given back, and holds it ready. Finds the refund with this key; undefined when there is too little. */
export async function reserveRefund(unit: Unit, paymentId: number, wanted: Wanted): Promise<RefundRow | undefined> {
	const { key, amount } = wanted;
	const known = await unit.get<RefundRow>("SELECT * FROM refunds WHERE refund_key = ?", [key]);
	if (known) return known;
	const held = await unit.run(
		`UPDATE payments SET refunding = refunding + ?, version = version + 1, updated_at = ?
		WHERE id = ? AND state = 'CAPTURED' AND amount - refunded - refunding >= ?`,
		[amount, unit.now, paymentId, amount]
	);
	return held === 0 ? undefined : insert(unit, paymentId, { ...wanted, status: "PENDING" });
}

/** The same for whoever asks again until it is decided: that there is too little is written down too, and stays so. */
export const decideRefund = async (unit: Unit, paymentId: number, wanted: Wanted): Promise<RefundRow> =>
	(await reserveRefund(unit, paymentId, wanted)) ?? insert(unit, paymentId, { ...wanted, status: "REFUSED" });

async function insert(
	unit: Unit,
	paymentId: number,
	{ key, amount, reason, status }: Wanted & Pick<RefundRow, "status">
): Promise<RefundRow> {
	const { correlationId, traceparent } = unit.origin;
	const row = await unit.get<RefundRow>(
		`INSERT INTO refunds (payment_id, refund_key, amount, reason, status, correlation_id, traceparent, created_at, updated_at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING *`,
		[paymentId, key, amount, reason, status, correlationId, traceparent ?? null, unit.now, unit.now]
	);
	return row!;
}

/** Holds ready all that can still be given back. Resolves to every refund of the payment that is under way. */
export async function reserveRest(unit: Unit, paymentId: number, reason: string): Promise<RefundRow[]> {
	const payment = (await byId(unit, paymentId))!;
	const rest = refundable(payment);
	// Once a version: what is held ready can only be so once.
	if (rest > 0)
		await reserveRefund(unit, paymentId, {
			key: keyOf(payment.order_id, `rest:${payment.version}`),
			amount: rest,
			reason
		});
	return unit.all<RefundRow>("SELECT * FROM refunds WHERE payment_id = ? AND status = 'PENDING' ORDER BY id", [
		paymentId
	]);
}

/** Refunds that were begun before `since` and not ended: their process died, or the provider was silent. */
export const leftBefore = (store: Store, since: string, limit: number): Promise<RefundRow[]> =>
	store.all<RefundRow>("SELECT * FROM refunds WHERE status = 'PENDING' AND updated_at < ? ORDER BY id LIMIT ?", [
		since,
		limit
	]);

/** Records what the provider answered to a refund, once. Resolves to the payment as it is then. */
export async function finishRefund(unit: Unit, refund: RefundRow, answer: Answer): Promise<PaymentRow> {
	const done = answer.state === "refunded";
	const first = await unit.run(
		"UPDATE refunds SET status = ?, provider_ref = ?, updated_at = ? WHERE id = ? AND status = 'PENDING'",
		[done ? "DONE" : "REFUSED", answer.ref ?? null, unit.now, refund.id]
	);
	if (first === 0) return (await byId(unit, refund.payment_id))!;
	const payment = (await unit.get<PaymentRow>(
		`UPDATE payments SET refunding = refunding - ?, refunded = refunded + ?, version = version + 1, updated_at = ?
		WHERE id = ? RETURNING *`,
		[refund.amount, done ? refund.amount : 0, unit.now, refund.payment_id]
	))!;
	if (!done) return payment;
	post(unit, payment, refundKeyOf(payment, refund), entriesOfRefund(refund.amount));
	unit.emit("payment.refunded", subjectOf(payment.order_id), {
		...aboutOf(payment),
		refunded: refund.amount,
		reason: refund.reason
	});
	if (payment.refunded < payment.amount) return payment;
	return (await change(unit, payment, "refunded"))!;
}
