import fc from "fast-check";
import { type Entry, entriesOfCapture, entriesOfRefund } from "../../../services/payments/ledger.ts";

const sum = (entries: Entry[]): number => entries.reduce((total, { amount }) => total + amount, 0);
const balance = (entries: Entry[], account: Entry["account"]): number =>
	sum(entries.filter(entry => entry.account === account));

describe("the ledger", () => {
	it("sums to zero after every transaction, and owes us what was sold less what was given back", () => {
		const transaction = fc.record({ kind: fc.constantFrom("capture", "refund"), amount: fc.nat(1_000_000_000_000) });
		fc.assert(
			fc.property(fc.array(transaction), transactions => {
				const posted: Entry[] = [];
				for (const { kind, amount } of transactions) {
					const entries = kind === "capture" ? entriesOfCapture(amount) : entriesOfRefund(amount);
					expect(sum(entries)).toBe(0);
					expect(entries.every(entry => Number.isSafeInteger(entry.amount))).toBe(true);
					posted.push(...entries);
				}
				expect(sum(posted)).toBe(0);
				// Sales are credited, so their balance is negative.
				const sold = 0 - balance(posted, "sales");
				expect(balance(posted, "provider_receivable")).toBe(sold - balance(posted, "refunds"));
			})
		);
	});

	it("names the accounts of a capture and of a refund", () => {
		expect(entriesOfCapture(2500)).toEqual([
			{ account: "provider_receivable", amount: 2500 },
			{ account: "sales", amount: -2500 }
		]);
		expect(entriesOfRefund(700)).toEqual([
			{ account: "refunds", amount: 700 },
			{ account: "provider_receivable", amount: -700 }
		]);
	});
});
