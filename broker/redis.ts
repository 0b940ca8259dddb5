import { Redis } from "ioredis";
import { LRUCache } from "lru-cache";
import { type Cache, GUARDED_MS, KEPT_MS } from "./cache.ts";
import type { Logger } from "./service.ts";

/** Whoever asks Redis has a way to go on without it, and takes it after this long. */
const PATIENCE_MS = 200;
const RECONNECT_MS = 1_000;

/** A connection that is never waited for: while Redis is away, commands fail at once, and it comes back by itself. */
export function openRedis(url: string, logger: Logger): Redis {
	const redis = new Redis(url, {
		enableOfflineQueue: false,
		maxRetriesPerRequest: 0,
		commandTimeout: PATIENCE_MS,
		retryStrategy: () => RECONNECT_MS,
		keyPrefix: "souk:"
	});
	let away = false;
	redis.on("error", error => {
		if (!away) logger.warn("Redis is away; going on without it", error);
		away = true;
	});
	redis.on("ready", () => {
		if (away) logger.warn("Redis is back");
		away = false;
	});
	return redis;
}

const CHANGED = "changed";

/** Shared by all processes. A change that could not be told is told when Redis is back, unless the row is old by then. */
export class RedisCache implements Cache {
	readonly #redis: Redis;
	readonly #untold = new LRUCache<string, true>({ max: 10_000, ttl: KEPT_MS });

	constructor(redis: Redis) {
		this.#redis = redis;
		redis.on("ready", () => {
			for (const key of [...this.#untold.keys()]) this.forget(key);
		});
	}

	async read(keys: readonly string[]): Promise<(object | undefined)[]> {
		const found = await this.#redis.mget([...keys]).catch(() => []);
		return keys.map((_, at) => {
			const text = found[at];
			return text && text !== CHANGED ? (JSON.parse(text) as object) : undefined;
		});
	}

	keep(key: string, row: object): void {
		// Only where nothing is: a change that was told meanwhile stays told.
		this.#redis.set(key, JSON.stringify(row), "PX", KEPT_MS, "NX").catch(() => undefined);
	}

	forget(key: string): void {
		this.#untold.set(key, true);
		this.#redis.set(key, CHANGED, "PX", GUARDED_MS).then(
			() => this.#untold.delete(key),
			() => undefined
		);
	}
}
