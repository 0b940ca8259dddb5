import type { Logger } from "../../../broker/service.ts";

/** Where an authorization stands in the provider's books. */
export type ProviderState = "pending" | "authorized" | "declined" | "captured" | "voided";

/** What the provider answers to a request; the same key is always answered the same. */
export interface Answer {
	/** What the authorization is after it. `declined` to a capture or refund: it was not done. */
	state: ProviderState | "refunded";
	/** The provider's own name of what it did. */
	ref?: string;
	reason?: string;
}

/** One authorization as the provider's books have it now. */
export interface ProviderRecord {
	key: string;
	ref: string;
	state: ProviderState;
	amount: number;
	captured: number;
	refunded: number;
	reason?: string;
}

export interface AuthorizeRequest {
	key: string;
	amount: number;
	currency: string;
	token: string;
}
/** A request about the authorization that was made, or should have been, under the key `of`. */
export interface FollowUp {
	key: string;
	of: string;
}

/**
 * Who moves the money. Every request has a key of its own and may be sent again under it; none is sent from inside a unit
 * of work. All of them throw ProviderTimeout when no answer came: then it is not known whether the request was carried out.
 */
export interface Provider {
	/** Sets money aside. */
	authorize(request: AuthorizeRequest): Promise<Answer>;
	/** Takes all that was set aside. */
	capture(request: FollowUp): Promise<Answer>;
	/** Gives up what was set aside; an authorization that comes after it is answered `voided`. */
	void(request: FollowUp): Promise<Answer>;
	/** Gives back part of what was captured. */
	refund(request: FollowUp & { amount: number }): Promise<Answer>;
	/** What its books say now of the authorization with this key; undefined when none arrived. */
	find(key: string): Promise<ProviderRecord | undefined>;
	/** All its authorizations, page by page; `next` is what to send as `after`. */
	statement(after?: number): Promise<{ records: ProviderRecord[]; next?: number }>;
	close(): Promise<void>;
}

/** Carries a webhook to us: rejects when we did not take it. */
export type Notify = (raw: string, signature: string) => Promise<void>;

/** What a provider is given to work with. */
export interface ProviderSettings {
	dataDir: string;
	/** Where a provider that is only played keeps its books, if not in the data folder. */
	databaseUrl?: string | undefined;
	/** What its webhooks are signed with. */
	secret: string;
	notify: Notify;
	slowMs: number;
	logger: Logger;
}

/** The provider has not answered: what was asked may have been done, may be done later, or never. */
export class ProviderTimeout extends Error {
	override name = "ProviderTimeout";

	constructor(request: string) {
		super(`The provider has not answered ${request}`);
	}
}

/** Waits for an answer, but not for ever. Throws ProviderTimeout. */
export async function answerWithin<T>(ms: number, request: string, answer: Promise<T>): Promise<T> {
	let timer: NodeJS.Timeout | undefined;
	const silence = new Promise<never>((_, reject) => {
		timer = setTimeout(() => reject(new ProviderTimeout(request)), ms);
	});
	try {
		return await Promise.race([answer, silence]);
	} finally {
		clearTimeout(timer);
	}
}
