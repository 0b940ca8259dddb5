import type { Unit } from "../../broker/sql/store.ts";
import type { CarriedOrder } from "../orders/orders.contract.ts";
import type { Change } from "./payment.ts";
import type { PaymentRow } from "./payments.store.ts";

/** What the events of a payment are called after: they are all about its order. */
export const subjectOf = (orderId: number): string => `order/${orderId}`;

/** What every event of a payment says; `order` is in it when events drive the order. */
export const aboutOf = (row: PaymentRow, order = carriedBy(row)) => ({
	paymentId: row.id,
	orderId: row.order_id,
	userId: row.user_id ?? order!.userId,
	amount: row.amount,
	currency: row.currency ?? order!.currency,
	order: order && { ...order, paymentId: row.id }
});

// A capture may be found in the provider's books before whoever asked for it has recorded it: what is kept here then is the
// order as it was authorized, without its parcel. Such a capture is told alone; who asked tells the chain.
const withParcel = (order: CarriedOrder | undefined): CarriedOrder | undefined =>
	order?.shipmentId === undefined ? undefined : order;

const carriedBy = ({ carried }: PaymentRow): CarriedOrder | undefined =>
	carried === null ? undefined : (JSON.parse(carried) as CarriedOrder);

/** Announces a change, if it is one that others could act on. */
export function announce(
	unit: Unit,
	row: PaymentRow,
	what: Change,
	reason: string,
	order: CarriedOrder | undefined
): void {
	const subject = subjectOf(row.order_id);
	const about = aboutOf(row, order);
	switch (what) {
		case "authorized":
			return unit.emit("payment.authorized", subject, about);
		case "declined":
			return unit.emit("payment.failed", subject, { ...about, reason: "PAYMENT_DECLINED" });
		case "captured":
			return unit.emit("payment.captured", subject, { ...about, order: withParcel(about.order) });
		case "captureDeclined":
			return unit.emit("payment.capture_failed", subject, { ...about, reason: "PAYMENT_DECLINED" });
		case "voided":
			return unit.emit("payment.voided", subject, { ...about, reason });
		case "unanswered":
		case "refunded":
			// Nothing that others could act on; each refund announces itself.
			return;
	}
}

/**
 * Answers a link of the chain that was asked for what had already been decided. A payment that carries its order told the
 * chain with every change, but for a capture that was found; one that was made or given up by a call did not.
 */
export function tell(unit: Unit, row: PaymentRow, asked: "authorize" | "capture", order: CarriedOrder): void {
	const found = asked === "capture" && row.state === "CAPTURED" && !withParcel(carriedBy(row));
	if (row.carried !== null && !found) return;
	const subject = subjectOf(row.order_id);
	const about = aboutOf(row, order);
	const reason = row.state === "FAILED" ? "PAYMENT_DECLINED" : "PAYMENT_VOIDED";
	if (asked === "capture") {
		if (row.state === "CAPTURED") unit.emit("payment.captured", subject, about);
		else unit.emit("payment.capture_failed", subject, { ...about, reason });
	} else if (row.state === "AUTHORIZED" || row.state === "CAPTURED") unit.emit("payment.authorized", subject, about);
	else unit.emit("payment.failed", subject, { ...about, reason });
}
