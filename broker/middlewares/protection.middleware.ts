import type { ActionSchema, Middleware, ServiceSchema } from "moleculer";
import { runtimeOf } from "../runtime.ts";
import type { ServedAction } from "../service.ts";

/** How many calls wait for each that may be under way. */
const QUEUE = 10;

/**
 * Gives the actions that clients reach Moleculer's bulkhead, where `BULKHEADS` names their service, and its breaker. Those
 * that only services call have neither: sagas and inboxes repeat them until they succeed, and know when to pause.
 */
export const protectionMiddleware: Middleware = {
	name: "Protection",
	serviceCreating(service, { name, actions = {} }: ServiceSchema) {
		const concurrency = runtimeOf(service.broker).env.BULKHEADS[name];
		for (const action of Object.values(actions) as (ActionSchema & ServedAction)[]) {
			if (!action.rest) action.circuitBreaker = { enabled: false };
			else if (concurrency) action.bulkhead = { enabled: true, concurrency, maxQueueSize: concurrency * QUEUE };
		}
	}
};
