import type { Redis } from "ioredis";
import type { ServiceBroker } from "moleculer";
import type { Bus } from "./bus/bus.ts";
import { type Cache, MemoryCache } from "./cache.ts";
import { InProcessBus } from "./bus/in-process.ts";
import { JetStreamBus } from "./bus/jetstream.ts";
import { openRedis, RedisCache } from "./redis.ts";
import { EventMeter } from "./event-meter.ts";
import { processEnv, type Env } from "./env.ts";
import { BUS } from "./health.ts";
import { toOtlp } from "./tracing/otlp-outlet.ts";
import { toConsole } from "./tracing/console-outlet.ts";
import { Tracer } from "./tracing/tracer.ts";
import type { Asked } from "./sql/sql.ts";

/** What the services of one process share beside the broker: settings, the event bus, and what to quiet before stopping. */
export interface Runtime {
	readonly env: Env;
	readonly bus: Bus;
	/** Rows that are asked for again and again. */
	readonly cache: Cache;
	/** What processes share for a while; nothing depends on it. */
	readonly redis: Redis | undefined;
	/** Run when every service of the process has started: relays, sagas and timers begin here. */
	readonly ready: (() => void | Promise<void>)[];
	/** Run when the process stops, last added first, while all services still answer. */
	readonly quieting: (() => void | Promise<void>)[];
	/** What becomes of the events that this process hears. */
	readonly events: EventMeter;
	/** What this process does for requests whose traces are recorded. */
	readonly tracer: Tracer;
	/** What must answer for the process to be of use. */
	readonly probes: Probe[];
	/** The services of other processes that this one is of little use without. */
	readonly needs: string[];
}

/** A way to ask whether something that a service stands on still works. */
export interface Probe {
	/** The service's name. */
	readonly name: string;
	/** Rejects when it does not. */
	check(): Promise<unknown>;
	readonly waiting?: () => Promise<Waiting>;
	/** How many connections it holds open. */
	readonly connections: number;
	/** What was asked of it so far, where that is counted here. */
	readonly asked?: () => Asked | undefined;
}

/** How much waits in a store: events to be taken by the bus, and for a person events, sagas and timers. */
export interface Waiting {
	readonly outbox: number;
	readonly letters: number;
	readonly sagas: number;
	readonly timers: number;
}

const runtimes = new WeakMap<ServiceBroker, Runtime>();

/** The runtime of a broker; made from the process environment unless `settings` came first. */
export function runtimeOf(broker: ServiceBroker, settings?: Env): Runtime {
	let runtime = runtimes.get(broker);
	if (!runtime) {
		const env = settings ?? processEnv();
		const redis = env.REDIS_URL ? openRedis(env.REDIS_URL, broker.getLogger("redis")) : undefined;
		const cache = redis ? new RedisCache(redis) : new MemoryCache();
		const tracer = new Tracer(
			broker.nodeID,
			new Map([
				["console", toConsole(broker)],
				...(env.OTLP_URL ? ([["otlp", toOtlp(env.OTLP_URL, broker.getLogger("otlp"))]] as const) : [])
			])
		);
		// Redis goes last, and before it the spans of what was quieted.
		const parts = {
			env,
			cache,
			redis,
			events: new EventMeter(),
			tracer,
			ready: [],
			quieting: [() => redis?.disconnect(), () => tracer.stop()],
			probes: [],
			needs: []
		};
		runtime = env.TRANSPORTER ? overJetStream(broker, env.TRANSPORTER, parts) : { ...parts, bus: new InProcessBus() };
		runtimes.set(broker, runtime);
	}
	return runtime;
}

function overJetStream(broker: ServiceBroker, url: string, parts: Omit<Runtime, "bus">): Runtime {
	const bus = new JetStreamBus({ url, name: broker.nodeID, logger: broker.getLogger("bus") });
	// First of all, and closed last: what is quieted meanwhile still sends.
	parts.ready.push(async () => {
		await bus.start();
		parts.quieting.push(() => bus.quiet());
	});
	parts.quieting.push(() => bus.close());
	parts.probes.push({ name: BUS, check: () => bus.check(), connections: 0 });
	return { ...parts, bus };
}
