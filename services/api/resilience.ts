import {
	bulkhead,
	type BulkheadPolicy,
	BrokenCircuitError,
	BulkheadRejectedError,
	circuitBreaker,
	type CircuitBreakerPolicy,
	ConsecutiveBreaker,
	ExponentialBackoff,
	handleWhen,
	retry
} from "cockatiel";
import { codeOf, isTransient } from "../../broker/errors.ts";
import { Overloaded, ServiceUnavailable } from "./api.errors.ts";

/** Failures in a row that open a service's breaker, and how long until one call tries whether it is well again. */
const BREAKER = { failures: 5, halfOpenAfterMs: 60_000 };
/** How many calls of a service that has no bulkhead of its own are under way at once. */
const USUAL = 100;
/** How many calls wait for each that may be under way. */
const QUEUE = 10;
/** Calls that were asked to wait for an outcome do nothing meanwhile: they take no place of those that work. */
const WAITING = 256;
const RETRIES = { most: 2, initialDelay: 50, maxDelay: 1_000 };

/** What the gateway has to know of a call. */
export interface Asked {
	/** The service that is called. */
	service: string;
	/** Whether the same call may come twice: a read, or a write under a client's key. */
	repeatable: boolean;
	/** Whether it was asked to wait for an outcome. */
	waits: boolean;
}

/**
 * How the gateway calls services: each behind a bulkhead and a breaker of its own, so that one that is slow or gone holds
 * up nobody else, and once more after a fault that passes, where that is safe. This is the only layer that repeats calls.
 */
export class Resilience {
	readonly #limits: Readonly<Record<string, number>>;
	readonly #bulkheads = new Map<string, BulkheadPolicy>();
	readonly #breakers = new Map<string, CircuitBreakerPolicy>();
	readonly #budget = new RetryBudget();
	readonly #retry = retry(
		handleWhen(error => isTransient(error) && !isOutOfTime(error) && this.#budget.left),
		{ maxAttempts: RETRIES.most, backoff: new ExponentialBackoff(RETRIES) }
	);

	/** @param limits how many calls of a service may be under way at once, by its name */
	constructor(limits: Readonly<Record<string, number>> = {}) {
		this.#limits = limits;
		this.#retry.onRetry(() => this.#budget.spend());
	}

	/** Calls by `ask`. Throws Overloaded when the bulkhead is full, ServiceUnavailable when the breaker is open, and what `ask` throws. */
	async call<T>({ service, repeatable, waits }: Asked, ask: () => Promise<T>): Promise<T> {
		const once = () => this.#bulkhead(service, waits).execute(ask);
		this.#budget.earn();
		try {
			return await this.#breaker(service).execute(repeatable ? () => this.#retry.execute(once) : once);
		} catch (error) {
			if (error instanceof BulkheadRejectedError) throw new Overloaded();
			if (error instanceof BrokenCircuitError) throw new ServiceUnavailable(service);
			throw error;
		}
	}

	/** Another process serves now, or one is gone: what was learnt of those before says nothing of these. */
	forget(): void {
		this.#breakers.clear();
	}

	#breaker(service: string): CircuitBreakerPolicy {
		let breaker = this.#breakers.get(service);
		if (!breaker) {
			// An error of our own is answered fast, and would be again: it opens no breaker. Nor does a service that nobody
			// serves: the broker answers that at once, and knows at once when it is back.
			breaker = circuitBreaker(
				handleWhen(error => isTransient(error) && codeOf(error) !== "SERVICE_NOT_FOUND"),
				{ halfOpenAfter: BREAKER.halfOpenAfterMs, breaker: new ConsecutiveBreaker(BREAKER.failures) }
			);
			this.#breakers.set(service, breaker);
		}
		return breaker;
	}

	#bulkhead(service: string, waits: boolean): BulkheadPolicy {
		const name = waits ? `${service} waiting` : service;
		let policy = this.#bulkheads.get(name);
		if (!policy) {
			const most = this.#limits[service] ?? USUAL;
			policy = waits ? bulkhead(WAITING) : bulkhead(most, most * QUEUE);
			this.#bulkheads.set(name, policy);
		}
		return policy;
	}
}

/** Lets a tenth of all calls be repeats, and a few before that: a service in need is not buried under them (Google SRE, 21). */
class RetryBudget {
	#tenths = 100;

	get left(): boolean {
		return this.#tenths >= 10;
	}

	earn(): void {
		this.#tenths = Math.min(100, this.#tenths + 1);
	}

	spend(): void {
		this.#tenths -= 10;
	}
}

/** The time of the whole request is over: a repeat would have none. */
const isOutOfTime = (error: unknown): boolean =>
	["REQUEST_TIMEOUT", "REQUEST_SKIPPED", "DEADLINE_EXCEEDED"].includes(codeOf(error) ?? "");
