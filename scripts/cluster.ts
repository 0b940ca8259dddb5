import { setTimeout as pause } from "node:timers/promises";
import { ConfigurationError, processEnv } from "../broker/env.ts";
import { serviceNames } from "../broker/node.ts";
import { Launcher } from "./cluster/launcher.ts";
import { HELP, optionsFrom } from "./cluster/options.ts";
import { readState, type ClusterState, type MemberState } from "./cluster/state.ts";
import { banner } from "./support/banner.ts";

const say = (line: string): void => void process.stdout.write(`${line}\n`);

try {
	const env = processEnv();
	const services = await serviceNames();
	const options = optionsFrom(process.argv.slice(2), services);
	if (options.command === "help") say(HELP);
	else if (options.command === "status") await status(running(env.DATA_DIR));
	else if (options.command === "roll") await roll(env.DATA_DIR);
	else {
		const other = readState(env.DATA_DIR);
		if (other)
			throw new ConfigurationError(`A cluster runs on ${env.DATA_DIR} already, as process ${other.pid}: stop it first`);
		await start(new Launcher(env, options, services, say));
		say(banner(env, env.PORT));
	}
} catch (error) {
	fail(error);
}

/** Starts the cluster, and from its first moment on stops it when told to. */
async function start(launcher: Launcher): Promise<void> {
	let stopping = false;
	const stop = (signal: string): void => {
		if (stopping) return;
		stopping = true;
		say(`\n${signal}: stopping the gateway, then the services`);
		void launcher.stop().then(() => process.exit(0), fail);
	};
	process.on("SIGTERM", stop).on("SIGINT", stop);
	process.on(
		"SIGUSR2",
		() => void launcher.roll().catch((error: unknown) => say(`The roll was given up: ${String(error)}`))
	);
	try {
		await launcher.start();
	} catch (error) {
		if (stopping) return void (await new Promise(() => undefined));
		stopping = true;
		await launcher.stop();
		throw error;
	}
}

function running(dataDir: string): ClusterState {
	const state = readState(dataDir);
	if (!state) throw new ConfigurationError(`No cluster runs on ${dataDir}: npm run cluster starts one`);
	return state;
}

async function status({ pid, transporter, members }: ClusterState): Promise<void> {
	say(`launcher       process ${pid}`);
	say(`NATS           ${transporter.replace(/\/\/.*@/, "//")}`);
	for (const { name, pid, port } of members)
		say(`${name.padEnd(14)} process ${pid ?? "-"}, port ${port}: ${await readiness(port)}`);
	if (members.some(({ ready }) => !ready)) process.exitCode = 1;
}

async function readiness(port: number): Promise<string> {
	try {
		const answer = await fetch(`http://127.0.0.1:${port}/health/ready`, { signal: AbortSignal.timeout(2_000) });
		return ((await answer.json()) as { status: string }).status;
	} catch {
		return "does not answer";
	}
}

/** Has the running launcher restart its processes, and tells how far it is. */
async function roll(dataDir: string): Promise<void> {
	const before = running(dataDir);
	const old = new Map(before.members.map(({ name, pid }) => [name, pid]));
	const told = new Set<string>();
	const isNew = ({ name, pid, ready }: MemberState): boolean => ready && pid !== old.get(name);
	process.kill(before.pid, "SIGUSR2");
	for (;;) {
		const { members, rolls } = running(dataDir);
		for (const member of members.filter(isNew))
			if (!told.has(member.name)) {
				told.add(member.name);
				say(`✓ ${member.name} (${told.size} of ${members.length})`);
			}
		if (rolls > before.rolls) return;
		await pause(100);
	}
}

/** Says what is wrong in words where it is the user's to mend, and with the stack where it is ours. */
function fail(error: unknown): never {
	const { name, message, stack } = error as Error;
	process.stderr.write(`${["ConfigurationError", "DidNotStart"].includes(name) ? message : stack}\n`);
	process.exit(1);
}
