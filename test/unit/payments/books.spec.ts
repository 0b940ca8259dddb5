import { difference } from "../../../services/payments/books.ts";
import type { State } from "../../../services/payments/payment.ts";
import { PaymentState } from "../../../services/payments/payments.contract.ts";
import type { ProviderRecord, ProviderState } from "../../../services/payments/providers/provider.ts";

const KEY = "order-1:authorize";
const ours = (state: State, refunded = 0) => ({ state, amount: state === "VOIDED" ? 0 : 100, refunded });
const theirs = (state: ProviderState, refunded = 0): ProviderRecord => ({
	key: KEY,
	ref: "sim_1",
	state,
	amount: 100,
	captured: state === "captured" ? 100 : 0,
	refunded
});

describe("two books of the same payments", () => {
	it("agree in these states and no others", () => {
		const agreeing = (["pending", "authorized", "declined", "captured", "voided"] as const).map(state => [
			state,
			PaymentState.options.filter(mine => !difference(KEY, ours(mine), theirs(state)))
		]);
		expect(Object.fromEntries(agreeing)).toEqual({
			pending: ["NEW", "UNKNOWN"],
			authorized: ["AUTHORIZED"],
			declined: ["FAILED"],
			captured: ["CAPTURED", "REFUNDED"],
			voided: ["VOIDED", "FAILED"]
		});
	});

	it("agree about what never reached the provider, unless ours says that it did", () => {
		const agreeing = PaymentState.options.filter(mine => !difference(KEY, ours(mine), undefined));
		expect(agreeing).toEqual(["NEW", "VOIDED", "UNKNOWN"]);
	});

	it("differ when the provider holds or took money that ours do not know of", () => {
		expect(difference(KEY, undefined, theirs("voided"))).toBeUndefined();
		expect(difference(KEY, undefined, theirs("declined"))).toBeUndefined();
		expect(difference(KEY, undefined, theirs("authorized"))).toEqual({
			key: KEY,
			ours: "absent, 0 taken, 0 given back",
			theirs: "authorized, 0 taken, 0 given back"
		});
		expect(difference(KEY, undefined, theirs("captured"))).toBeDefined();
	});

	it("differ when another amount was taken or given back", () => {
		expect(difference(KEY, ours("CAPTURED", 40), theirs("captured", 40))).toBeUndefined();
		expect(difference(KEY, ours("CAPTURED", 40), theirs("captured", 30))?.theirs).toBe(
			"captured, 100 taken, 30 given back"
		);
		expect(difference(KEY, { ...ours("CAPTURED"), amount: 99 }, theirs("captured"))?.ours).toBe(
			"CAPTURED, 99 taken, 0 given back"
		);
	});
});
