import { spawn, type ChildProcess } from "node:child_process";
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isAlive, readState } from "../../scripts/cluster/state.ts";
import { eventually } from "../support/eventually.ts";
import { freePort } from "../support/nats-server.ts";
import { freePorts } from "../support/ports.ts";
import { dropStores, storeSettings } from "../support/stores.ts";
import { knobs } from "./knobs.ts";

const ROOT = join(import.meta.dirname, "../..");
const TWICE = "api,users,products,inventory,orders,payments,shipping,tasks,notifications,audit".replace(/\w+/g, "$&=2");
const COMMANDS: Readonly<Record<Layout, string[]>> = {
	A: ["scripts/start.ts"],
	B: ["scripts/cluster.ts"],
	C: ["scripts/cluster.ts", "--store", "postgres", "--scale", TWICE]
};
/** What is not ready by then will not be: layout C has nineteen processes, and the machine may be busy. */
const START_MS = 180_000;
/** Nothing may take longer once nobody kills any more. The processes of a cluster share the machine with their servers. */
const PATIENCE_MS = { A: 60_000, B: 180_000, C: 180_000 };

/** How Souk is laid out: in one process, as a cluster of one process a service over NATS, or of two over Postgres. */
export type Layout = "A" | "B" | "C";

export interface SoukOptions {
	layout?: Layout;
	/** The tree to run: the project, or a copy of it. */
	root?: string;
	env?: Record<string, string>;
}

/** How a process ended although nobody killed it. */
export interface Accident {
	code: number | null;
	signal: string | null;
	log: string;
}

/** The real process on a folder of its own: started, armed to die at a point, killed, started again. */
export class Souk {
	readonly folder = mkdtempSync(join(tmpdir(), "souk-chaos-"));
	readonly dataDir = join(this.folder, "data");
	readonly accidents: Accident[] = [];
	readonly root: string;
	readonly layout: Layout;
	/** When the process was last ready after a start. */
	readyAt = 0;
	/** How long each start took until the process was ready, in milliseconds. */
	readonly starts: number[] = [];
	deaths = 0;
	/** Changes with every start of the process; who wants other settings sets them before. */
	env: Record<string, string>;
	#port = 0;
	#child: ChildProcess | undefined;
	#gone: Promise<void> = Promise.resolve();
	#stopping = false;
	#ready = false;
	#closed = false;
	readonly #points = join(this.folder, "crash-points");
	/** How many lines of the points passed were read. */
	#seen = 0;

	constructor({ root = ROOT, env = {}, layout = "A" }: SoukOptions = {}) {
		this.root = root;
		this.layout = layout;
		this.env = env;
		this.disarm();
	}

	get url(): string {
		return `http://127.0.0.1:${this.#port}`;
	}

	/** How long anything may take once nobody kills any more, in milliseconds. */
	get patience(): number {
		return PATIENCE_MS[this.layout];
	}

	/** Where clients may ask: they go round those that there are. */
	get gateways(): string[] {
		return this.layout === "C" ? [this.url, `http://127.0.0.1:${this.#port + 100}`] : [this.url];
	}

	/** The processes there are, by name: in a cluster each service's, and the NATS server's. */
	get processes(): ReadonlyMap<string, number> {
		if (this.layout === "A") return new Map(this.#child?.pid ? [["souk", this.#child.pid]] : []);
		const { nats, members = [] } = readState(this.dataDir, { dead: true }) ?? {};
		const all = [...members, { name: "nats", pid: nats?.pid }];
		return new Map(all.flatMap(({ name, pid }) => (pid ? [[name, pid]] : [])));
	}

	/** Whether it answered that it is ready, and lives. */
	get ready(): boolean {
		return this.#ready;
	}

	/** Whether it is given up: nothing starts it again. */
	get closed(): boolean {
		return this.#closed;
	}

	/** Starts the process; resolves to true when it is ready, to false when it died on the way. Throws when it ends by itself. */
	async start(): Promise<boolean> {
		await this.#gone;
		if (this.#closed) throw new Error("This process was closed");
		if (this.#port === 0) this.#port = await (this.layout === "A" ? freePort() : freePorts());
		const begun = performance.now();
		const child = this.#spawn();
		const ready = await eventually(
			async () => {
				if (this.#child !== child) return false;
				const answer = await fetch(`${this.url}/health/ready`, { signal: AbortSignal.timeout(2_000) });
				await answer.arrayBuffer();
				if (answer.status !== 200) throw new Error(`/health/ready answers ${answer.status}`);
				return true;
			},
			{ within: START_MS, every: 15 }
		).catch((error: unknown) => {
			throw new Error(`The process did not become ready: ${String(error)}\n${this.log()}`);
		});
		if (ready) {
			this.readyAt = performance.now();
			this.starts.push(this.readyAt - begun);
		}
		this.#ready = ready;
		const accident = this.accidents.at(-1);
		if (!ready && accident) throw new Error(`The process ended with ${accident.code}\n${accident.log}`);
		return ready;
	}

	/** Resolves once the process is gone, however it ends. */
	async death(): Promise<void> {
		await this.#gone;
	}

	/** SIGKILL to all there is, and waits until the kernel has taken it away. */
	async kill(): Promise<void> {
		this.#child?.kill("SIGKILL");
		await this.#gone;
		// Only when their launcher is gone are they not started again.
		const left = [...this.processes.values()].filter(isAlive);
		for (const pid of left) process.kill(pid, "SIGKILL");
		await eventually(() => expect(left.filter(isAlive)).toEqual([]), { within: START_MS });
	}

	/** SIGTERM: lets the process finish what is under way. */
	async stop(): Promise<void> {
		this.#stopping = true;
		this.#child?.kill("SIGTERM");
		await this.#gone;
		this.#stopping = false;
	}

	/** Kills the process and removes its folder; kept with CHAOS_KEEP=1. */
	async close(): Promise<void> {
		this.#closed = true;
		await this.kill();
		if (knobs.keep) return;
		rmSync(this.folder, { recursive: true, force: true });
		dropStores(this.dataDir);
	}

	/** The process dies when it next reaches the point. */
	arm(point: string): void {
		writeFileSync(this.#points, point);
	}

	disarm(): void {
		this.arm("");
	}

	/** The points passed since the last call. */
	hits(): Set<string> {
		const file = `${this.#points}.hits`;
		// Read on from where it was read to: cut off, it would lose what the process writes meanwhile.
		const lines = existsSync(file) ? readFileSync(file, "utf8").split("\n") : [];
		const fresh = lines.slice(this.#seen, -1);
		this.#seen += fresh.length;
		return new Set(fresh);
	}

	/** The end of what the process wrote. */
	log(): string {
		return this.#written().slice(-20_000);
	}

	/** How often processes of a cluster died, whoever killed them. One that begins while its store is away gives up: not counted. */
	get ends(): number {
		const count = (what: RegExp) => this.#written().match(what)?.length ?? 0;
		return count(/has died; it is started again/g) - count(/^StoreUnavailable/gm);
	}

	#written(): string {
		const file = join(this.folder, "log");
		return existsSync(file) ? readFileSync(file, "utf8") : "";
	}

	#spawn(): ChildProcess {
		const log = openSync(join(this.folder, "log"), "a");
		const child = spawn(join(ROOT, "node_modules/.bin/node"), COMMANDS[this.layout], {
			cwd: this.root,
			stdio: ["ignore", log, log],
			env: {
				PATH: process.env.PATH,
				HOME: process.env.HOME,
				TMPDIR: process.env.TMPDIR,
				DATA_DIR: this.dataDir,
				...storeSettings(this.dataDir),
				REDIS_URL: process.env.SOUK_REDIS,
				PORT: String(this.#port),
				RATE_LIMIT: "off",
				SEED_DEMO: "on",
				LOG_LEVEL: "error",
				// Of a process that dies at a point all else dies too; a cluster's are killed from outside.
				...(this.layout === "A" && { CRASH_POINTS: this.#points }),
				...this.env
			}
		});
		closeSync(log);
		this.#child = child;
		this.#gone = new Promise(resolve => {
			const end = (code: number | null, signal: string | null) => {
				if (signal === "SIGKILL") this.deaths++;
				else if (!this.#stopping) this.accidents.push({ code, signal, log: this.log() });
				this.#child = undefined;
				this.#ready = false;
				resolve();
			};
			child.once("exit", end);
			child.once("error", error => end(null, String(error)));
		});
		return child;
	}
}

/** Restarts a process whenever it was killed, until told to stop. */
export class Keeper {
	readonly #souk: Souk;
	readonly #next: string[];
	#up = true;
	#failure: Error | undefined;
	/** When the process was last started again after a death, by performance.now(). */
	restartedAt = 0;

	/** `next` are the points to die at after each restart; without any the process lives on. */
	constructor(souk: Souk, next: readonly string[] = []) {
		this.#souk = souk;
		this.#next = [...next];
		void this.#keep();
	}

	/** Resolves when the process is ready; at once while it runs. Throws when it could not be started again. */
	async ready(): Promise<void> {
		await eventually(
			() => {
				if (!this.#failure && !this.#souk.ready) throw new Error("The process is down");
			},
			{ within: START_MS }
		);
		if (this.#failure) throw this.#failure;
	}

	/** Leaves the process as it is from now on: running, unless it could not be started again. */
	async dismiss(): Promise<void> {
		await this.ready();
		this.#up = false;
	}

	async #keep(): Promise<void> {
		while (this.#up) {
			await this.#souk.death();
			if (!this.#up || this.#souk.closed) return;
			this.#souk.arm(this.#next.shift() ?? "");
			this.restartedAt = performance.now();
			try {
				await this.#souk.start();
			} catch (error) {
				this.#failure = error as Error;
				return;
			}
		}
	}
}
