import { spawn, type ChildProcess } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as pause } from "node:timers/promises";
import { environmentWith } from "../../broker/env.ts";
import type { MemberState } from "./state.ts";

const START = join(import.meta.dirname, "../start.ts");
/** A process that is not ready by then will not be, and one that has not stopped by then is killed. */
const START_MS = 90_000;
const STOP_MS = 30_000;
/** How soon a process that died is started again: at once, and ever later if it dies again and again. */
const AGAIN_MS = [0, 500, 1_000, 2_000, 5_000];

export interface MemberOptions {
	/** What it is called in logs: `orders`, `orders.2`. */
	name: string;
	service: string;
	port: number;
	host: string;
	env: Record<string, string>;
	/** Takes a line of its log. */
	log: (line: string) => void;
	/** Told whenever its number or its readiness changes. */
	changed: () => void;
}

/** A process could not be started; the message is what it said itself. */
export class DidNotStart extends Error {
	override name = "DidNotStart";
}

/** One process of the cluster: started, watched, started again when it dies, stopped. */
export class Member {
	readonly options: MemberOptions;
	readonly state: MemberState;
	#child: ChildProcess | undefined;
	#gone: Promise<void> = Promise.resolve();
	#wanted = false;
	#deaths = 0;
	#said: string[] = [];

	constructor(options: MemberOptions) {
		this.options = options;
		this.state = { name: options.name, pid: undefined, port: options.port, ready: false };
	}

	/** Starts it and resolves when it is ready. Throws DidNotStart when it ends by itself before. */
	async start(): Promise<void> {
		this.#wanted = true;
		const { name } = this.options;
		const child = this.#spawn();
		const end = performance.now() + START_MS;
		while (!(await this.#answers())) {
			if (this.#child !== child)
				throw new DidNotStart(`${name} did not start: ${this.#said.join("\n").trim() || "it said nothing"}`);
			if (performance.now() > end) throw new DidNotStart(`${name} did not become ready within ${START_MS / 1_000} s`);
			await pause(50);
		}
		this.#tell({ ready: true });
		void this.#keep();
	}

	/** Stops it in order, and kills it if that takes too long. */
	async stop(): Promise<void> {
		this.#wanted = false;
		this.#child?.kill("SIGTERM");
		const late = setTimeout(() => this.#child?.kill("SIGKILL"), STOP_MS);
		await this.#gone;
		clearTimeout(late);
	}

	/** Starts it again whenever it dies, until it is stopped. */
	async #keep(): Promise<void> {
		const begun = performance.now();
		await this.#gone;
		if (!this.#wanted) return;
		if (performance.now() - begun > 30_000) this.#deaths = 0;
		const pauseMs = AGAIN_MS[Math.min(this.#deaths++, AGAIN_MS.length - 1)]!;
		this.options.log(`has died; it is started again${pauseMs > 0 ? ` in ${pauseMs} ms` : ""}`);
		await pause(pauseMs);
		if (!this.#wanted) return;
		try {
			await this.start();
		} catch (error) {
			this.options.log((error as Error).message);
			if (this.#wanted) void this.#keep();
		}
	}

	async #answers(): Promise<boolean> {
		const { host, port } = this.options;
		try {
			const answer = await fetch(`http://${host}:${port}/health/ready`, { signal: AbortSignal.timeout(2_000) });
			await answer.arrayBuffer();
			return answer.status === 200;
		} catch {
			return false;
		}
	}

	#spawn(): ChildProcess {
		const { service, env, log } = this.options;
		// In a group of its own: Ctrl-C in the terminal is for the launcher, which stops all in the right order.
		const child = spawn(process.execPath, [START, service], {
			stdio: ["ignore", "pipe", "pipe"],
			detached: true,
			env: environmentWith(env)
		});
		this.#child = child;
		this.#said = [];
		for (const stream of [child.stdout, child.stderr])
			createInterface({ input: stream }).on("line", line => {
				if (!this.state.ready) this.#said = [...this.#said, line].slice(-20);
				log(line);
			});
		this.#tell({ pid: child.pid });
		this.#gone = new Promise(resolve => {
			const end = (): void => {
				if (this.#child === child) this.#child = undefined;
				this.#tell({ pid: undefined, ready: false });
				resolve();
			};
			// Its streams end after it, and what it said last is why it ended.
			child.once("close", end).once("error", error => {
				this.#said.push(String(error));
				end();
			});
		});
		return child;
	}

	#tell(news: Partial<MemberState>): void {
		Object.assign(this.state, news);
		this.options.changed();
	}
}
