import { spawn, type ChildProcess } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

const ROOT = join(import.meta.dirname, "../..");

/** A server under test, as a process of its own. */
export interface Server {
	origin: string;
	/** CPU time the process has used so far, in milliseconds. */
	cpuMs(): number;
	/** Memory that it holds now, in MiB. */
	rssMiB(): number;
	stop(): Promise<void>;
}

/** Starts a script of this repository on a free port and waits until `path` answers. */
export async function serve(script: string, path: string, env: Record<string, string> = {}): Promise<Server> {
	const port = await freePort();
	const data = mkdtempSync(join(tmpdir(), "souk-bench-"));
	const child = spawn(process.execPath, [join(ROOT, script), String(port)], {
		cwd: ROOT,
		env: { ...process.env, PORT: String(port), DATA_DIR: data, NODE_ENV: "development", LOG_LEVEL: "error", ...env },
		stdio: ["ignore", "ignore", "inherit"]
	});
	const origin = `http://127.0.0.1:${port}`;
	await untilAnswers(origin + path, child);
	return {
		origin,
		cpuMs: () => cpuOf(child.pid!),
		rssMiB: () => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, "utf8"))?.[1]) / 1024,
		stop: async () => {
			const ended = new Promise(resolve => child.once("exit", resolve));
			child.kill("SIGTERM");
			await ended;
			rmSync(data, { recursive: true, force: true });
		}
	};
}

// Fields 14 and 15 of /proc/<pid>/stat: user and system time in ticks of 10 ms.
function cpuOf(pid: number): number {
	const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]!.split(" ");
	return (Number(fields[11]) + Number(fields[12])) * 10;
}

async function untilAnswers(url: string, child: ChildProcess): Promise<void> {
	for (let tries = 0; tries < 600; tries++) {
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

function freePort(): Promise<number> {
	return new Promise(resolve => {
		const probe = createServer();
		probe.listen(0, "127.0.0.1", () => {
			const { port } = probe.address() as AddressInfo;
			probe.close(() => resolve(port));
		});
	});
}
