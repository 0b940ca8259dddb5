/** Where money is: what the provider owes us, what was sold, what was given back of it. */
export type Account = "provider_receivable" | "sales" | "refunds";

/** One side of a transaction: debits are positive, credits negative. */
export interface Entry {
	account: Account;
	amount: number;
}

/** Every entry of a transaction moves what another one takes: they sum to zero. */
const transfer = (debit: Account, credit: Account, amount: number): Entry[] => [
	{ account: debit, amount },
	{ account: credit, amount: 0 - amount }
];

/** The money was taken: the provider owes us what was sold. */
export const entriesOfCapture = (amount: number): Entry[] => transfer("provider_receivable", "sales", amount);

/** Money was given back: the provider owes us that much less. */
export const entriesOfRefund = (amount: number): Entry[] => transfer("refunds", "provider_receivable", amount);
