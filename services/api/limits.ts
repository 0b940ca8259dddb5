import type { Redis } from "ioredis";
import { RateLimiterMemory, RateLimiterRedis, type RateLimiterRes } from "rate-limiter-flexible";
import type { Env } from "../../broker/env.ts";
import { TooManyRequests } from "./api.errors.ts";

const WINDOW_SECONDS = 60;

interface Policy {
	name: string;
	quota: number;
	limiter: RateLimiterMemory | RateLimiterRedis;
}

/** How many requests a caller may send in a minute, and how many of those may place an order. */
export class Limits {
	readonly #general: Policy;
	readonly #orders: Policy;
	readonly #on: boolean;

	/** @param redis where all gateways count together; each counts alone while it is away */
	constructor({ RATE_LIMIT, RATE_LIMIT_PER_MINUTE, RATE_LIMIT_ORDERS_PER_MINUTE }: Env, redis?: Redis) {
		this.#on = RATE_LIMIT;
		this.#general = policy("default", RATE_LIMIT_PER_MINUTE, redis);
		this.#orders = policy("orders", RATE_LIMIT_ORDERS_PER_MINUTE, redis);
	}

	/** Counts a request of a caller and tells it what is left, by `tell`. Throws TooManyRequests. */
	async spend(caller: string, placesOrder: boolean, tell: (name: string, value: string) => void): Promise<void> {
		if (!this.#on) return;
		const policies = placesOrder ? [this.#general, this.#orders] : [this.#general];
		const left: string[] = [];
		let wait = 0;
		for (const { name, limiter } of policies) {
			const spent = await limiter.consume(caller).catch((over: RateLimiterRes | Error) => {
				if (over instanceof Error) throw over;
				return over;
			});
			const reset = Math.ceil(spent.msBeforeNext / 1000);
			left.push(`"${name}";r=${spent.remainingPoints};t=${reset}`);
			if (spent.consumedPoints > limiter.points) wait = Math.max(wait, reset, 1);
		}
		tell("RateLimit-Policy", policies.map(({ name, quota }) => `"${name}";q=${quota};w=${WINDOW_SECONDS}`).join(", "));
		tell("RateLimit", left.join(", "));
		if (wait > 0) throw new TooManyRequests(wait);
	}
}

function policy(name: string, quota: number, redis?: Redis): Policy {
	const options = { points: quota, duration: WINDOW_SECONDS, keyPrefix: `limit:${name}` };
	const alone = new RateLimiterMemory(options);
	if (!redis) return { name, quota, limiter: alone };
	const together = { ...options, storeClient: redis, insuranceLimiter: alone, rejectIfRedisNotReady: true };
	return { name, quota, limiter: new RateLimiterRedis(together) };
}
