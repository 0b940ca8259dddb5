import type { Probe, Runtime } from "./runtime.ts";

const PATIENCE_MS = 1_000;
/** What the probe of the event bus is called, beside those of the stores. */
export const BUS = "bus";
/** Services that only watch: the others are whole without them. */
export const WATCHING: ReadonlySet<string> = new Set(["console"]);

/** The name of each part, and whether it works. */
type States = Record<string, "up" | "down">;

export interface Health {
	status: "healthy" | "unhealthy";
	timestamp: string;
	services: States;
	/** The processes that serve each of them. */
	instances: Record<string, string[]>;
}
export interface Readiness {
	status: "ready" | "not ready";
	database: "up" | "down";
	/** Nothing depends on it: a process is ready without. */
	cache: "none" | "up" | "down";
	/** The wire to other processes, where there are any. */
	bus?: "up" | "down";
	reason?: string;
}

/**
 * How the services do that were ever met: one is down when nobody serves it, or when its store does not answer. Nothing is
 * healthy behind a gateway that is not `serving`, and all are without those who only watch.
 */
export async function healthOf(
	instances: Record<string, string[]>,
	probes: readonly Probe[],
	serving: boolean
): Promise<Health> {
	const broken = await failing(probes);
	const services: States = Object.fromEntries(
		Object.entries(instances).map(([name, nodes]) => [name, nodes.length > 0 && !broken.has(name) ? "up" : "down"])
	);
	const healthy = serving && Object.entries(services).every(([name, state]) => state === "up" || WATCHING.has(name));
	return { status: healthy ? "healthy" : "unhealthy", timestamp: new Date().toISOString(), services, instances };
}

/** What a process stands on. */
type Standing = Pick<Runtime, "probes"> & { readonly redis?: { readonly status: string } | undefined };

const cacheOf = (redis: Standing["redis"]) => (redis ? (redis.status === "ready" ? "up" : "down") : "none");

/** Whether this process can serve. `reason` says why it cannot for now, whatever its stores say. */
export async function readinessOf(reason: string | undefined, { probes, redis }: Standing): Promise<Readiness> {
	const broken = await failing(probes);
	const state = (wire: boolean): "up" | "down" =>
		probes.some(({ name }) => (name === BUS) === wire && broken.has(name)) ? "down" : "up";
	const bus = probes.some(({ name }) => name === BUS) ? { bus: state(true) } : {};
	const status = reason === undefined && broken.size === 0 ? "ready" : "not ready";
	return { status, database: state(false), cache: cacheOf(redis), ...bus, ...(reason ? { reason } : {}) };
}

async function failing(probes: readonly Probe[]): Promise<Set<string>> {
	const answers = await Promise.all(probes.map(async probe => ((await isAnswered(probe)) ? [] : [probe.name])));
	return new Set(answers.flat());
}

async function isAnswered(probe: Probe): Promise<boolean> {
	let timer: NodeJS.Timeout | undefined;
	const silence = new Promise<false>(resolve => {
		timer = setTimeout(() => resolve(false), PATIENCE_MS);
	});
	const answer = probe.check().then(
		() => true,
		() => false
	);
	return Promise.race([answer, silence]).finally(() => clearTimeout(timer));
}
