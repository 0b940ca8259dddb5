import { execFileSync, spawn, spawnSync, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { chmodSync, existsSync, mkdtempSync, readdirSync, rmSync, statfsSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { eventually } from "./eventually.ts";

const DEBIAN = "/usr/lib/postgresql";

/** Where the server's programs are; undefined when it is not installed. */
function programs(): string | undefined {
	const versions = existsSync(DEBIAN) ? readdirSync(DEBIAN).sort((a, b) => Number(b) - Number(a)) : [];
	const folders = [...versions.map(version => join(DEBIAN, version, "bin")), ...(process.env.PATH ?? "").split(":")];
	return folders.find(folder => existsSync(join(folder, "initdb")) && existsSync(join(folder, "postgres")));
}

export const hasPostgres = (): boolean => programs() !== undefined;

/** The server refuses root. */
const isRoot = process.getuid?.() === 0;
const asOwner = (command: string, args: string[]): [string, string[]] =>
	isRoot ? ["runuser", ["-u", "postgres", "--", command, ...args]] : [command, args];

const MEMORY = "/dev/shm";
const ROOM = 4 * 2 ** 30;

/** In memory where there is room: a database is some hundred files, and every spec wants new ones. */
function roomyFolder(): string {
	if (!existsSync(MEMORY)) return tmpdir();
	const { bavail, bsize } = statfsSync(MEMORY);
	return bavail * bsize > ROOM ? MEMORY : tmpdir();
}

interface Placing {
	/** Where its folder is made. */
	within?: string;
	settings?: readonly string[];
}

/** A Postgres server in a temporary folder. */
export class PostgresServer {
	readonly folder: string;
	readonly port: number;
	readonly #settings: readonly string[];
	#process: ChildProcess | undefined;

	private constructor(folder: string, port: number, settings: readonly string[]) {
		this.folder = folder;
		this.port = port;
		this.#settings = settings;
	}

	/** Starts one as specs want it, or in another folder; `settings` come after those of specs, and win. */
	static async start({ within = roomyFolder(), settings = [] }: Placing = {}): Promise<PostgresServer> {
		const folder = mkdtempSync(join(within, "souk-postgres-"));
		if (isRoot) execFileSync("chown", ["postgres", folder]);
		chmodSync(folder, 0o700);
		const server = new PostgresServer(folder, await freePort(), settings);
		const [command, args] = asOwner(join(programs()!, "initdb"), [
			...["-D", join(folder, "data"), "-U", "souk", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"]
		]);
		execFileSync(command, args, { stdio: "ignore", cwd: "/" });
		await server.boot();
		return server;
	}

	/** The address of a database. */
	url(database = "postgres"): string {
		return `postgres://souk@127.0.0.1:${this.port}/${database}`;
	}

	async boot(): Promise<void> {
		const settings = [
			`port=${this.port}`,
			"listen_addresses=127.0.0.1",
			`unix_socket_directories=${this.folder}`,
			"max_connections=500",
			"shared_buffers=64MB",
			// Nothing here outlives the machine; what a killed process wrote is with the kernel.
			"fsync=off",
			"full_page_writes=off",
			"log_min_messages=panic",
			...this.#settings
		];
		const args = ["-D", join(this.folder, "data"), ...settings.flatMap(setting => ["-c", setting])];
		const [command, all] = asOwner(join(programs()!, "postgres"), args);
		this.#process = spawn(command, all, { stdio: "ignore", cwd: "/" });
		await eventually(() => query(this.url(), "SELECT 1"), { within: 20_000, every: 100 });
	}

	/** `fast` ends every connection in order, `immediate` as a crash would. */
	async stop(mode: "fast" | "immediate" = "immediate"): Promise<void> {
		const child = this.#process;
		if (!child || child.exitCode !== null) return;
		const ended = once(child, "exit");
		const [command, args] = asOwner(join(programs()!, "pg_ctl"), [
			...["stop", "-D", join(this.folder, "data"), "-m", mode, "-w"]
		]);
		spawnSync(command, args, { stdio: "ignore", cwd: "/" });
		await ended;
		this.#process = undefined;
	}

	async remove(): Promise<void> {
		await this.stop();
		rmSync(this.folder, { recursive: true, force: true });
	}
}

/** Asks a server one thing over a connection of its own. */
export async function query<R = Record<string, unknown>>(url: string, sql: string): Promise<R[]> {
	const client = new pg.Client({ connectionString: url });
	client.on("error", () => undefined);
	try {
		await client.connect();
		return (await client.query(sql)).rows as R[];
	} finally {
		await client.end();
	}
}

/** Asks one thing while everything else in this process stands still. */
export const ask = (url: string, sql: string): string[] =>
	execFileSync(join(programs()!, "psql"), ["-XAtq", "-v", "ON_ERROR_STOP=1", url], {
		input: sql,
		encoding: "utf8",
		maxBuffer: 1 << 30
	})
		.split("\n")
		.filter(line => line !== "");

/** A copy of a database as it is now, though others use it. */
export function copyDatabase(from: string, to: string): void {
	const bin = programs()!;
	const dump = execFileSync(join(bin, "pg_dump"), [from], { maxBuffer: 1 << 30 });
	execFileSync(join(bin, "psql"), ["-Xq", "-v", "ON_ERROR_STOP=1", "-o", "/dev/null", to], { input: dump });
}

async function freePort(): Promise<number> {
	const probe = createServer().listen(0, "127.0.0.1");
	await once(probe, "listening");
	const { port } = probe.address() as AddressInfo;
	probe.close();
	return port;
}
