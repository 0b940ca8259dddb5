import { LRUCache } from "lru-cache";
import type { Identity } from "../../broker/context.ts";
import type { Exchange } from "./exchange.ts";
import type { Endpoint } from "./routes.ts";

const MOST = 500;
const KEPT_MS = 60 * 60 * 1_000;

interface Answer {
	result: unknown;
	/** Milliseconds since the epoch. */
	at: number;
}

/**
 * The last answers to what anybody may read, for when the service behind it is away: better an old price list than none
 * (RFC 5861, stale-if-error). Nobody is shown what somebody else was told.
 */
export class LastAnswers {
	readonly #answers = new LRUCache<string, Answer>({ max: MOST, ttl: KEPT_MS });

	keep(exchange: Exchange, endpoint: Endpoint, identity: Identity, result: unknown): void {
		if (mayAge(exchange, endpoint)) this.#answers.set(nameOf(exchange, identity), { result, at: Date.now() });
	}

	/** What was answered last, with its age in seconds; undefined when nothing was, or when it must not be old. */
	find(exchange: Exchange, endpoint: Endpoint, identity: Identity): { result: unknown; age: number } | undefined {
		const answer = mayAge(exchange, endpoint) ? this.#answers.get(nameOf(exchange, identity)) : undefined;
		return answer && { result: answer.result, age: Math.floor((Date.now() - answer.at) / 1_000) };
	}
}

const mayAge = ({ writes }: Exchange, { action }: Endpoint): boolean =>
	!writes && action.access === "public" && !action.stream;

const nameOf = ({ path, query }: Exchange, identity: Identity): string =>
	`${identity.kind === "user" ? identity.userId : ""} ${path}?${query}`;
