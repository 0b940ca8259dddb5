import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { ServiceBroker, type ServiceSchema } from "moleculer";
import { brokerOptions } from "../moleculer.config.ts";
import { armCrashPoints } from "./crash.ts";
import { ConfigurationError, type Env } from "./env.ts";
import { WATCHING } from "./health.ts";
import { runtimeOf } from "./runtime.ts";
import { useSqlite } from "./sql/driver.ts";

const SERVICES = join(import.meta.dirname, "../services");

/** The names of all services there are: the folders of services/ that hold one. */
export async function serviceNames(): Promise<string[]> {
	const folders = await readdir(SERVICES);
	return folders.filter(name => existsSync(join(SERVICES, name, `${name}.service.ts`))).sort();
}

/** Builds a process that runs the named services, or all. Nothing is started yet. Throws when a name is unknown. */
export async function buildNode(env: Env, names?: readonly string[]): Promise<ServiceBroker> {
	const known = await serviceNames();
	const wanted = names ?? env.SERVICES?.split(",").map(name => name.trim()) ?? known;
	const unknown = wanted.filter(name => !known.includes(name));
	if (unknown.length > 0)
		throw new ConfigurationError(`There is no service ${unknown.join(", ")}; there are ${known.join(", ")}`);
	armCrashPoints(env.CRASH_POINTS);
	useSqlite(env.SQLITE_DRIVER);
	const broker = new ServiceBroker(brokerOptions(env));
	const { needs } = runtimeOf(broker, env);
	if (env.TRANSPORTER && wanted.includes("api"))
		needs.push(...known.filter(name => !wanted.includes(name) && !WATCHING.has(name)));
	for (const name of wanted) broker.createService(await loadService(name));
	return broker;
}

/** The schema of one service. */
export async function loadService(name: string): Promise<ServiceSchema> {
	const file = pathToFileURL(join(SERVICES, name, `${name}.service.ts`)).href;
	return ((await import(file)) as { default: ServiceSchema }).default;
}
