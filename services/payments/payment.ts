import type { Payment } from "./payments.contract.ts";
import { PaymentDeclined, PaymentVoided } from "./payments.errors.ts";
import type { ProviderState } from "./providers/provider.ts";

export type State = Payment["state"];

/** All that can happen to a payment: the states in which it can, and the state it leads to. */
export const CHANGES = {
	/** The provider was asked to authorize and has not answered. */
	unanswered: { from: ["NEW"], to: "UNKNOWN" },
	authorized: { from: ["NEW", "UNKNOWN"], to: "AUTHORIZED" },
	declined: { from: ["NEW", "UNKNOWN"], to: "FAILED" },
	captured: { from: ["AUTHORIZED"], to: "CAPTURED" },
	captureDeclined: { from: ["AUTHORIZED"], to: "FAILED" },
	voided: { from: ["NEW", "UNKNOWN", "AUTHORIZED"], to: "VOIDED" },
	/** All of it was given back. */
	refunded: { from: ["CAPTURED"], to: "REFUNDED" }
} as const satisfies Record<string, { from: readonly State[]; to: State }>;
export type Change = keyof typeof CHANGES;

/** The state that a change leads to; undefined when it cannot happen in this one. */
export function after(state: State, change: Change): State | undefined {
	const { from, to }: { from: readonly State[]; to: State } = CHANGES[change];
	return from.includes(state) ? to : undefined;
}

/** Whether the provider's answer to the authorization is still missing. */
export const isOpen = (state: State): boolean => after(state, "authorized") !== undefined;
/** Whether nothing was taken yet and something may be set aside. */
export const isVoidable = (state: State): boolean => after(state, "voided") !== undefined;
/** Whether the order's steps before this one have been told all that they need: no later event carries more than ids. */
export const isDecided = (state: State): boolean => state !== "AUTHORIZED" && !isOpen(state);
/** Whether the money was taken, be it given back since. */
export const wasCaptured = (state: State): boolean => state === "CAPTURED" || state === "REFUNDED";

const TOLD: Record<ProviderState, readonly Change[]> = {
	pending: [],
	authorized: ["authorized"],
	declined: ["declined"],
	captured: ["captured", "authorized"],
	voided: ["voided"]
};

/** What has happened to a payment in this state, going by what the provider says of it; undefined when nothing new. */
export const told = (state: State, theirs: ProviderState): Change | undefined =>
	TOLD[theirs].find(change => after(state, change) !== undefined);

interface Money {
	state: State;
	amount: number;
	refunded: number;
	refunding: number;
}

/** How much can be given back: what was captured, less what was given back and what is on its way back. */
export const refundable = ({ state, amount, refunded, refunding }: Money): number =>
	state === "CAPTURED" ? amount - refunded - refunding : 0;

/** Refuses a payment with which nothing can be paid any more. Throws PaymentDeclined, PaymentVoided. */
export function assertStands(orderId: number, state: State, reason: string | null): void {
	if (state === "FAILED") throw new PaymentDeclined(orderId, reason ?? "DECLINED");
	if (state === "VOIDED") throw new PaymentVoided(orderId, reason ?? undefined);
}
