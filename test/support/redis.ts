import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { AddressInfo } from "node:net";
import { describeWith } from "./needs.ts";

/** Describes what needs a Redis. */
export const describeWithRedis = (name: string, specs: () => void): void =>
	describeWith({ name: "redis-server", install: "apt-get install redis-server" }, name, specs);

/** A Redis of one spec: on a free port, in a folder of its own. */
export class TestRedis {
	readonly url: string;
	readonly #port: number;
	readonly #folder = mkdtempSync(join(tmpdir(), "souk-redis-"));
	#process: ChildProcess | undefined;

	private constructor(port: number) {
		this.#port = port;
		this.url = `redis://127.0.0.1:${port}`;
	}

	static async start(): Promise<TestRedis> {
		const redis = new TestRedis(await freePort());
		await redis.start();
		return redis;
	}

	/** Starts it, again after a kill: it remembers nothing. */
	async start(): Promise<void> {
		const options = { port: this.#port, bind: "127.0.0.1", save: "", appendonly: "no", dir: this.#folder };
		const words = Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)]);
		const started = spawn("redis-server", words, { stdio: ["ignore", "pipe", "inherit"] });
		this.#process = started;
		let said = "";
		for await (const chunk of started.stdout as AsyncIterable<Buffer>) {
			said += chunk.toString();
			if (said.includes("Ready to accept connections")) break;
		}
	}

	async kill(): Promise<void> {
		const running = this.#process;
		this.#process = undefined;
		if (!running || running.exitCode !== null || running.signalCode !== null) return;
		const exit = once(running, "exit");
		running.kill("SIGKILL");
		await exit;
	}

	async close(): Promise<void> {
		await this.kill();
		rmSync(this.#folder, { recursive: true, force: true });
	}
}

/** A port of this machine that nobody listened on a moment ago. */
async function freePort(): Promise<number> {
	const server = createServer().listen(0, "127.0.0.1");
	await once(server, "listening");
	const { port } = server.address() as AddressInfo;
	server.close();
	await once(server, "close");
	return port;
}
