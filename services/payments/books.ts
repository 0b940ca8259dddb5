import { type State, wasCaptured } from "./payment.ts";
import type { ProviderRecord, ProviderState } from "./providers/provider.ts";

/** A payment about which the provider's books and ours do not agree. */
export interface Difference {
	key: string;
	ours: string;
	theirs: string;
}

interface Ours {
	state: State;
	amount: number;
	refunded: number;
}

/** What our books may say of an authorization that stands so in the provider's; of one it never had, what `absent` says. */
const AGREE: Record<ProviderState | "absent", readonly State[]> = {
	absent: ["NEW", "UNKNOWN", "VOIDED"],
	pending: ["NEW", "UNKNOWN"],
	authorized: ["AUTHORIZED"],
	declined: ["FAILED"],
	captured: ["CAPTURED", "REFUNDED"],
	// A capture that is declined fails the payment, and gives up what was set aside for it.
	voided: ["VOIDED", "FAILED"]
};

/** Where two records of one payment differ; undefined when they agree. */
export function difference(
	key: string,
	ours: Ours | undefined,
	theirs: ProviderRecord | undefined
): Difference | undefined {
	const agreed = ours
		? AGREE[theirs?.state ?? "absent"].includes(ours.state) && takenOf(ours) === (theirs?.captured ?? 0)
		: theirs?.state === "voided" || theirs?.state === "declined";
	if (agreed && (ours?.refunded ?? 0) === (theirs?.refunded ?? 0)) return undefined;
	return {
		key,
		ours: said(ours?.state, takenOf(ours), ours?.refunded),
		theirs: said(theirs?.state, theirs?.captured, theirs?.refunded)
	};
}

const takenOf = (ours: Ours | undefined): number => (ours && wasCaptured(ours.state) ? ours.amount : 0);

const said = (state = "absent", captured = 0, refunded = 0): string =>
	`${state}, ${captured} taken, ${refunded} given back`;
