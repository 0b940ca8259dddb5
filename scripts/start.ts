import { enableCompileCache } from "node:module";
import type { ServiceBroker } from "moleculer";
import { processEnv, type Env } from "../broker/env.ts";
import { banner } from "./support/banner.ts";

enableCompileCache();

/** A stop takes at most this long; what is cut off then is taken up after the next start. */
const STOP_MS = 25_000;

try {
	const env = processEnv();
	const { buildNode } = await import("../broker/node.ts");
	const broker = await buildNode(env);
	stopOnSignals(broker);
	await broker.start();
	process.stdout.write(banner(env, portOf(broker, env)));
	if (process.argv.includes("--repl")) broker.repl();
} catch (error) {
	fail(error);
}

function portOf(broker: ServiceBroker, env: Env): number {
	const api = broker.services.find(({ name }) => name === "api") as { server?: import("node:http").Server } | undefined;
	const address = api?.server?.address();
	return address && typeof address === "object" ? address.port : env.PORT;
}

function stopOnSignals(broker: ServiceBroker): void {
	let stopping = false;
	const stop = (signal: string) => {
		if (stopping) process.exit(1);
		stopping = true;
		process.stderr.write(`\n${signal}: finishing what is under way; once more to stop at once\n`);
		setTimeout(() => process.exit(1), STOP_MS).unref();
		void broker.stop().then(() => process.exit(0), fail);
	};
	process.on("SIGTERM", stop).on("SIGINT", stop);
}

/** Says what is wrong in words where it is the user's to mend, and with the stack where it is ours. */
function fail(error: unknown): never {
	const { name, message, stack } = error as Error;
	const known = ["ConfigurationError", "StoreOwned", "StoreTooNew"].includes(name);
	process.stderr.write(`${known ? message : stack}\n`);
	process.exit(1);
}
