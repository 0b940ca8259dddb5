import type { Probe, Runtime } from "../../broker/runtime.ts";

const PATIENCE_MS = 1_000;

/** The name of each part, and whether it works. */
type States = Record<string, "up" | "down">;

export interface Health {
	status: "healthy" | "unhealthy";
	timestamp: string;
	services: States;
}
export interface Readiness {
	status: "ready" | "not ready";
	database: "up" | "down";
	/** Nothing depends on it: a process is ready without. */
	cache: "none" | "up" | "down";
	reason?: string;
}

/** How the services do that were ever met: one is down when nobody serves it, or when its store does not answer. */
export async function healthOf(presence: Record<string, boolean>, probes: readonly Probe[]): Promise<Health> {
	const broken = await failing(probes);
	const services: States = Object.fromEntries(
		Object.entries(presence).map(([name, here]) => [name, here && !broken.has(name) ? "up" : "down"])
	);
	const healthy = Object.values(services).every(state => state === "up");
	return { status: healthy ? "healthy" : "unhealthy", timestamp: new Date().toISOString(), services };
}

/** What a process stands on. */
type Standing = Pick<Runtime, "probes"> & { readonly redis?: { readonly status: string } | undefined };

const cacheOf = (redis: Standing["redis"]) => (redis ? (redis.status === "ready" ? "up" : "down") : "none");

/** Whether this process can serve. `reason` says why it cannot for now, whatever its stores say. */
export async function readinessOf(reason: string | undefined, { probes, redis }: Standing): Promise<Readiness> {
	const broken = await failing(probes);
	const status = reason === undefined && broken.size === 0 ? "ready" : "not ready";
	return { status, database: broken.size === 0 ? "up" : "down", cache: cacheOf(redis), ...(reason ? { reason } : {}) };
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
