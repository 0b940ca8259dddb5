/** What the simulated provider does with a card, beside what it should. */
export interface Switches {
	/** Why its authorization is declined. */
	declined?: string;
	/** The first answer to every request about it is lost, after the request was carried out. */
	losesAnswers?: true;
	/** Its authorization is answered late. */
	slow?: true;
	/** Its authorization is settled after a while, and told by a webhook. */
	settlesLater?: true;
	/** Why its capture is declined. */
	captureDeclined?: string;
}

const TOKENS = new Map<string, Switches>([
	["tok_ok", {}],
	["tok_declined", { declined: "CARD_DECLINED" }],
	["tok_lost_answer", { losesAnswers: true }],
	["tok_slow", { slow: true }],
	["tok_late_webhook", { settlesLater: true }],
	["tok_capture_declined", { captureDeclined: "INSUFFICIENT_FUNDS" }]
]);

/** The switches of a payment token; a token that is not known is declined. */
export const switchesOf = (token: string): Switches => TOKENS.get(token) ?? { declined: "UNKNOWN_TOKEN" };
