import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { createConnection, createServer, type AddressInfo } from "node:net";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { ConfigurationError } from "../../broker/env.ts";
import { everythingHeard } from "../support/documents.ts";
import { keptPasswords, natsConf } from "./nats-conf.ts";
import { isAlive } from "./state.ts";

const START_MS = 15_000;

/** The server that the cluster's processes meet at. */
export interface Nats {
	readonly url: string;
	/** Whether it is ours, with passwords and permissions of ours. */
	readonly own: boolean;
	/** Its process, where it is ours. */
	readonly server?: ServerProcess;
	readonly port: number;
}

/** The process of a server of our own: started here, or left by an earlier launcher. */
export interface ServerProcess {
	readonly pid: number;
	/** Resolves when it has ended. */
	readonly gone: Promise<unknown>;
}

/** Makes sure that there is a server: the one at `url`, or one of our own with its store in the data folder. */
export async function provideNats(
	url: string | undefined,
	dataDir: string,
	earlier: { pid: number; port: number } | undefined,
	services: readonly string[]
): Promise<Nats> {
	if (url !== undefined) {
		const { hostname, port } = new URL(url.split(",")[0]!);
		if (!(await listens(Number(port || 4222), hostname)))
			throw new ConfigurationError(
				`No NATS server answers at ${hostname}:${port || 4222} (TRANSPORTER): start it, or leave TRANSPORTER empty`
			);
		return { url, port: Number(port || 4222), own: false };
	}
	// Two servers on one store would destroy it: the one that an earlier launcher left is taken over.
	if (earlier && (await listens(earlier.port)))
		return { ...at(earlier.port), server: { pid: earlier.pid, gone: untilGone(earlier.pid) } };
	const port = await freePort();
	const passwords = keptPasswords(dataDir, services);
	writeFileSync(confIn(dataDir), natsConf(services, await everythingHeard(services), passwords), { mode: 0o600 });
	return { ...at(port), server: await startNats(port, dataDir) };
}

const confIn = (dataDir: string): string => join(dataDir, "keys", "nats.conf");
const at = (port: number): Nats => ({ url: `nats://127.0.0.1:${port}`, port, own: true });

/** Starts a server, again too after it has died. Throws ConfigurationError when there is no such program. */
export async function startNats(port: number, dataDir: string): Promise<ServerProcess> {
	const flags = ["-c", confIn(dataDir), "-a", "127.0.0.1", "-p", String(port), "-js", "-sd", join(dataDir, "nats")];
	const child = spawn("nats-server", flags, {
		stdio: ["ignore", "ignore", "pipe"],
		detached: true
	});
	let last = "";
	child.stderr.on("data", (chunk: Buffer) => (last = (last + chunk.toString()).slice(-2_000)));
	const failed = new Promise<never>((_, reject) => {
		child.once("error", (error: NodeJS.ErrnoException) => reject(error.code === "ENOENT" ? missing() : error));
		child.once("exit", code => reject(new ConfigurationError(`nats-server ended with ${code}:\n${last}`)));
	});
	const gone = new Promise(resolve => child.once("exit", resolve));
	try {
		await Promise.race([untilListening(port), failed]);
	} catch (error) {
		// It may only be slow, and the next one must not find it on the store.
		if (child.kill("SIGKILL")) await gone;
		throw error;
	}
	return { pid: child.pid!, gone };
}

/** It is not our child, so nobody tells us. */
async function untilGone(pid: number): Promise<void> {
	while (isAlive(pid)) await pause(500);
}

const missing = (): ConfigurationError =>
	new ConfigurationError(
		"The processes of a cluster meet at a NATS server, and nats-server is not installed. Install it\n" +
			"  (apt-get install nats-server, brew install nats-server), or name one that runs: TRANSPORTER=nats://host:4222"
	);

async function untilListening(port: number): Promise<void> {
	const end = performance.now() + START_MS;
	while (!(await listens(port))) {
		if (performance.now() > end) throw new ConfigurationError(`nats-server does not answer at port ${port}`);
		await pause(50);
	}
}

/** Whether somebody answers at a port. */
const listens = (port: number, host = "127.0.0.1"): Promise<boolean> =>
	new Promise(resolve => {
		const socket = createConnection({ port, host, timeout: 2_000 }, () => end(true));
		const end = (answer: boolean): void => {
			socket.destroy();
			resolve(answer);
		};
		socket.once("error", () => end(false)).once("timeout", () => end(false));
	});

async function freePort(): Promise<number> {
	const server = createServer();
	await new Promise<void>(resolve => server.listen(0, "127.0.0.1", resolve));
	const { port } = server.address() as AddressInfo;
	await new Promise(resolve => server.close(resolve));
	return port;
}
