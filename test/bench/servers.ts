import { spawn, type ChildProcess } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { freePort } from "../support/nats-server.ts";
import { cpuOf } from "./cpu.ts";
import { stopLater } from "./owned.ts";

export const ROOT = join(import.meta.dirname, "../..");

/** A server under test, as a process of its own. */
export interface Server {
	origin: string;
	/** CPU time the process has used so far, in milliseconds. */
	cpuMs(): number;
	/** Memory that it holds now, in MiB. */
	rssMiB(): number;
	/** The most memory that it has held so far, in MiB. */
	peakMiB(): number;
}

/** Starts a script of this repository on a free port and waits until `path` answers. */
export async function serve(script: string, path: string, env: Record<string, string> = {}): Promise<Server> {
	const port = await freePort();
	const data = mkdtempSync(join(tmpdir(), "souk-bench-"));
	const child = spawn(process.execPath, [join(ROOT, script)], {
		cwd: ROOT,
		env: { ...process.env, PORT: String(port), DATA_DIR: data, NODE_ENV: "development", LOG_LEVEL: "error", ...env },
		stdio: ["ignore", "ignore", "inherit"]
	});
	stopLater(async () => {
		await ended(child, "SIGTERM");
		rmSync(data, { recursive: true, force: true });
	});
	const origin = `http://127.0.0.1:${port}`;
	await untilAnswers(origin + path, child);
	return {
		origin,
		cpuMs: () => cpuOf(child.pid!),
		rssMiB: () => memoryOf(child.pid!, "VmRSS"),
		peakMiB: () => memoryOf(child.pid!, "VmHWM")
	};
}

/** What the kernel says of a process's memory, in MiB: what it holds (VmRSS), or the most it ever held (VmHWM). */
export const memoryOf = (pid: number, what: "VmRSS" | "VmHWM"): number =>
	Number(new RegExp(`${what}:\\s+(\\d+)`).exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) / 1024;

/** Ends a process, and resolves when it is gone. */
export async function ended(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
	if (child.exitCode !== null || child.signalCode !== null) return;
	const gone = new Promise(resolve => child.once("exit", resolve));
	child.kill(signal);
	await gone;
}

const START_MS = 90_000;

/** Waits until an address answers 200. Throws when the process that is to answer ends before. */
export async function untilAnswers(url: string, child: ChildProcess): Promise<void> {
	const end = performance.now() + START_MS;
	while (performance.now() < end) {
		if (child.exitCode !== null) throw new Error(`${child.spawnargs.join(" ")} ended with ${child.exitCode}`);
		const ok = await fetch(url).then(
			response => response.ok,
			() => false
		);
		if (ok) return;
		await pause(50);
	}
	throw new Error(`${url} does not answer`);
}

/** The first of as many free ports in a row as the processes of a cluster take, a hundred further for each further of a service. */
export async function freePorts(perService: number): Promise<number> {
	for (;;) {
		const first = 20_000 + Math.floor(Math.random() * 8_000);
		const all = Array.from({ length: perService * 16 }, (_, n) => first + 100 * Math.floor(n / 16) + (n % 16));
		if ((await Promise.all(all.map(isFree))).every(free => free)) return first;
	}
}

const isFree = (port: number): Promise<boolean> =>
	new Promise(resolve => {
		const server = createServer();
		server.once("error", () => resolve(false));
		server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
	});
