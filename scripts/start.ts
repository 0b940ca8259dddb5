import { enableCompileCache, flushCompileCache } from "node:module";
import { hostname } from "node:os";
import type { ServiceBroker } from "moleculer";
import { ConfigurationError, processEnv, type Env } from "../broker/env.ts";
import type { HealthServer } from "../broker/health-server.ts";
import { addressFor, readPasswords } from "./cluster/nats-conf.ts";
import { readState } from "./cluster/state.ts";
import { banner } from "./support/banner.ts";

enableCompileCache();

/** A stop takes at most this long; what is cut off then is taken up after the next start. */
const STOP_MS = 25_000;

try {
	const env = settings(process.argv.slice(2).filter(word => !word.startsWith("--")));
	const { buildNode } = await import("../broker/node.ts");
	const broker = await buildNode(env);
	const hasGateway = broker.services.some(({ name }) => name === "api");
	const health = hasGateway ? undefined : await watchOver(broker, env);
	// The other processes are told where this one says how it does.
	broker.metadata.health = healthAt(env, health?.port ?? env.PORT);
	stopOnSignals(broker, health);
	await broker.start();
	// Otherwise only a process that ends in order would leave it to the next.
	flushCompileCache();
	if (health) health.phase = "serving";
	else if (env.TRANSPORTER)
		process.stdout.write(`The API answers at http://${env.HOST}:${portOf(broker, env)}/api/v1\n`);
	else process.stdout.write(banner(env, portOf(broker, env)));
	if (process.argv.includes("--repl")) broker.repl();
} catch (error) {
	fail(error);
}

/** What runs here: all of it, what the environment says, or the services that are named, at the server of their neighbours. */
function settings(names: readonly string[]): Env {
	if (names.length === 0) return processEnv();
	const asked = { SERVICES: names.join(",") };
	const env = processEnv(asked);
	if (env.TRANSPORTER) return env;
	const cluster = readState(env.DATA_DIR);
	if (!cluster)
		throw new ConfigurationError(
			`${asked.SERVICES} would be alone: start the others with npm run cluster, or name their NATS server: TRANSPORTER=nats://host:4222`
		);
	const { transporter, nats } = cluster;
	const passwords = nats && readPasswords(env.DATA_DIR);
	return processEnv({ ...asked, TRANSPORTER: passwords ? addressFor(transporter, names, passwords) : transporter });
}

/** Opens the port where a process without the gateway says how it does. */
async function watchOver(broker: ServiceBroker, env: Env): Promise<HealthServer> {
	const { HealthServer } = await import("../broker/health-server.ts");
	const { PORTS } = await import("../moleculer.config.ts");
	const names = broker.services.map(({ name }) => name);
	const { processDocs } = await import("../services/api/process-docs.ts");
	const health = new HealthServer(broker, processDocs(broker));
	const port = await health.listen(env.HEALTH_PORT ?? PORTS[names[0]!] ?? 0, env.HOST);
	process.stdout.write(`${names.join(", ")}: health at http://${env.HOST}:${port}/health/ready\n`);
	return health;
}

function healthAt({ HOST }: Env, port: number): string {
	const everywhere = ["0.0.0.0", "::"].includes(HOST);
	return `http://${everywhere ? hostname() : HOST}:${port}/health/ready`;
}

function portOf(broker: ServiceBroker, env: Env): number {
	const api = broker.services.find(({ name }) => name === "api") as { server?: import("node:http").Server } | undefined;
	const address = api?.server?.address();
	return address && typeof address === "object" ? address.port : env.PORT;
}

function stopOnSignals(broker: ServiceBroker, health: HealthServer | undefined): void {
	let stopping = false;
	const stop = (signal: string) => {
		if (stopping) process.exit(1);
		stopping = true;
		if (health) health.phase = "stopping";
		process.stderr.write(`\n${signal}: finishing what is under way; once more to stop at once\n`);
		setTimeout(() => process.exit(1), STOP_MS).unref();
		void broker.stop().then(() => process.exit(0), fail);
	};
	process.on("SIGTERM", stop).on("SIGINT", stop);
}

/** Says what is wrong in words where it is the user's to mend, and with the stack where it is ours. */
function fail(error: unknown): never {
	const { name, message, stack, data } = error as Error & { data?: unknown };
	const known = ["ConfigurationError", "StoreOwned", "StoreTooNew"].includes(name);
	const told = name === "StoreUnavailable" ? `${name}: ${message} (${JSON.stringify(data)})` : stack;
	process.stderr.write(`${known ? message : told}\n`);
	process.exit(1);
}
