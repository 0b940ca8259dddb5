import { spawn, type ChildProcess } from "node:child_process";
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { createConnection, createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { eventually } from "./eventually.ts";
import { describeWith, type Program } from "./needs.ts";

const PROGRAM: Program = { name: "nats-server", install: "apt-get install nats-server" };

/** Describes what is shown with a real server. */
export const describeWithNats = (name: string, specs: () => void): void => describeWith(PROGRAM, name, specs);

/** A nats-server of its own, with JetStream in a folder of its own. */
export class NatsServer {
	readonly folder = mkdtempSync(join(tmpdir(), "souk-nats-"));
	/** Further arguments of the program, at the next start. */
	flags: readonly string[];
	#port = 0;
	#child: ChildProcess | undefined;
	#gone: Promise<void> = Promise.resolve();

	constructor(...flags: string[]) {
		this.flags = flags.length > 0 ? flags : ["-js", "-sd", join(this.folder, "store")];
	}

	get url(): string {
		return `nats://127.0.0.1:${this.#port}`;
	}

	/** Starts it, at the port it had before if it had one. */
	async start(): Promise<this> {
		await this.#gone;
		if (this.#port === 0) this.#port = await freePort();
		const at = ["-a", "127.0.0.1", "-p", String(this.#port)];
		const child = spawn(PROGRAM.name, [...at, ...this.flags], { stdio: "ignore" });
		this.#child = child;
		this.#gone = new Promise(resolve => child.once("exit", () => resolve()));
		await eventually(() => answers(this.#port), { within: 20_000 });
		return this;
	}

	/** Ends it, at once or in order. */
	async stop(signal: "SIGKILL" | "SIGTERM" = "SIGTERM"): Promise<void> {
		this.#child?.kill(signal);
		await this.#gone;
	}

	/** All streams and consumers as they are, while it is stopped. */
	copy(name: string): void {
		cpSync(join(this.folder, "store"), join(this.folder, name), { recursive: true });
	}

	/** Puts a copy in the place of what there is, while it is stopped; without one, nothing is left. */
	restore(name?: string): void {
		rmSync(join(this.folder, "store"), { recursive: true, force: true });
		if (name) cpSync(join(this.folder, name), join(this.folder, "store"), { recursive: true });
	}

	async close(): Promise<void> {
		await this.stop("SIGKILL");
		rmSync(this.folder, { recursive: true, force: true });
	}
}

const answers = (port: number): Promise<void> =>
	new Promise((resolve, reject) => {
		const socket = createConnection(port, "127.0.0.1", () => {
			socket.destroy();
			resolve();
		});
		socket.once("error", reject);
	});

/** A port that nobody listens on. */
export async function freePort(): Promise<number> {
	const server = createServer();
	await new Promise<void>(resolve => server.listen(0, "127.0.0.1", resolve));
	const { port } = server.address() as AddressInfo;
	await new Promise(resolve => server.close(resolve));
	return port;
}
