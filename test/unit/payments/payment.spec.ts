import fc from "fast-check";
import {
	after,
	assertStands,
	type Change,
	CHANGES,
	isOpen,
	isVoidable,
	refundable,
	type State,
	told,
	wasCaptured
} from "../../../services/payments/payment.ts";
import { PaymentState } from "../../../services/payments/payments.contract.ts";
import { PaymentDeclined, PaymentVoided } from "../../../services/payments/payments.errors.ts";

const STATES = PaymentState.options;
const changes = Object.keys(CHANGES) as Change[];
const ENDS: State[] = ["REFUNDED", "VOIDED", "FAILED"];

describe("a payment", () => {
	it("knows exactly these changes", () => {
		const table = STATES.map(state => [state, changes.filter(change => after(state, change) !== undefined)]);
		expect(Object.fromEntries(table)).toEqual({
			NEW: ["unanswered", "authorized", "declined", "voided"],
			UNKNOWN: ["authorized", "declined", "voided"],
			AUTHORIZED: ["captured", "captureDeclined", "voided"],
			CAPTURED: ["refunded"],
			REFUNDED: [],
			VOIDED: [],
			FAILED: []
		});
	});

	it("ends where nothing more can happen to it, whatever is tried in whatever order", () => {
		fc.assert(
			fc.property(fc.array(fc.constantFrom(...changes), { maxLength: 30 }), tries => {
				const path: State[] = ["NEW"];
				for (const change of tries) {
					const next = after(path.at(-1)!, change);
					if (next) path.push(next);
				}
				for (const [index, state] of path.entries()) {
					if (ENDS.includes(state)) expect(index).toBe(path.length - 1);
					if (state === "CAPTURED") expect(path[index - 1]).toBe("AUTHORIZED");
					if (state === "REFUNDED") expect(path[index - 1]).toBe("CAPTURED");
				}
				// Money that was taken is never voided or failed: it is only ever given back.
				if (path.includes("CAPTURED")) expect(["CAPTURED", "REFUNDED"]).toContain(path.at(-1));
				expect(new Set(path).size).toBe(path.length);
			})
		);
	});

	it.each([
		["NEW", true, true, false],
		["UNKNOWN", true, true, false],
		["AUTHORIZED", false, true, false],
		["CAPTURED", false, false, true],
		["REFUNDED", false, false, true],
		["VOIDED", false, false, false],
		["FAILED", false, false, false]
	] as const)("that is %s is open: %s, voidable: %s, captured: %s", (state, open, voidable, captured) => {
		expect([isOpen(state), isVoidable(state), wasCaptured(state)]).toEqual([open, voidable, captured]);
	});

	it("learns from the provider's books only what is news", () => {
		const theirs = ["pending", "authorized", "declined", "captured", "voided"] as const;
		const news = STATES.map(state => [state, theirs.map(said => told(state, said) ?? "-").join(" ")]);
		expect(Object.fromEntries(news)).toEqual({
			NEW: "- authorized declined authorized voided",
			UNKNOWN: "- authorized declined authorized voided",
			AUTHORIZED: "- - - captured voided",
			CAPTURED: "- - - - -",
			REFUNDED: "- - - - -",
			VOIDED: "- - - - -",
			FAILED: "- - - - -"
		});
	});

	it("gives back no more than was captured, less what was given back or is on its way", () => {
		fc.assert(
			fc.property(
				fc.constantFrom(...STATES),
				fc.nat(10_000),
				fc.array(fc.integer({ min: 1, max: 4_000 }), { maxLength: 10 }),
				(state, amount, wishes) => {
					const payment = { state, amount, refunded: 0, refunding: 0 };
					for (const wish of wishes) if (wish <= refundable(payment)) payment.refunding += wish;
					expect(payment.refunding).toBeLessThanOrEqual(amount);
					if (state !== "CAPTURED") expect(payment.refunding).toBe(0);
					expect(refundable(payment)).toBe(state === "CAPTURED" ? amount - payment.refunding : 0);
				}
			)
		);
	});

	it("stands unless it failed or was voided", () => {
		expect(() => assertStands(7, "FAILED", "CARD_DECLINED")).toThrow(PaymentDeclined);
		expect(() => assertStands(7, "FAILED", null)).toThrow(PaymentDeclined);
		expect(() => assertStands(7, "VOIDED", null)).toThrow(PaymentVoided);
		for (const state of STATES.filter(state => !["FAILED", "VOIDED"].includes(state)))
			expect(() => assertStands(7, state, null)).not.toThrow();
	});
});
