import type { Branch, Ending } from "./driver.ts";
import { arrive, returned } from "./returns.ts";

const confirmed: Ending = { status: "CONFIRMED" };
const cancelled = (reason: string): Ending => ({ status: "CANCELLED", reason });

/** Every way an order can go, and how it must end. */
export const BRANCHES: readonly Branch[] = [
	{ name: "confirmed", ends: [confirmed] },
	{ name: "declined", token: "tok_declined", ends: [cancelled("PAYMENT_DECLINED")] },
	{ name: "out-of-stock", tooMany: true, ends: [cancelled("OUT_OF_STOCK")] },
	{ name: "no-shipping", country: "ZZ", ends: [cancelled("SHIPPING_FAILED")] },
	{ name: "lost-answer", token: "tok_lost_answer", ends: [confirmed] },
	{ name: "capture-declined", token: "tok_capture_declined", ends: [cancelled("PAYMENT_DECLINED")] },
	{ name: "late-webhook", token: "tok_late_webhook", ends: [confirmed] },
	{
		name: "cancelled",
		ends: [cancelled("CUSTOMER")],
		async then(driver, { id }) {
			await driver.reached(id, "CONFIRMED");
			await driver.cancel(id);
		}
	},
	{
		name: "cancelled-early",
		ends: [cancelled("CUSTOMER")],
		async then(driver, { id }) {
			await driver.cancel(id);
		}
	},
	{
		name: "delivered",
		ends: [{ status: "DELIVERED" }],
		then: (driver, { id }) => arrive(driver, id)
	},
	returned,
	{
		name: "refunded-in-part",
		ends: [confirmed],
		refunded: 1,
		async then(driver, { id }) {
			const { paymentId } = await driver.reached(id, "CONFIRMED");
			await driver.staff("payments.refund", "POST", `/payments/${paymentId}/refunds`, {
				amount: 1,
				reason: "A scratch"
			});
		}
	}
];

export const branch = (name: string, among = BRANCHES): Branch => {
	const found = among.find(branch => branch.name === name);
	if (!found) throw new Error(`There is no branch ${name}`);
	return found;
};
