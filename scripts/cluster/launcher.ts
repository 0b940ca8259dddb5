import { mkdirSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { PORTS } from "../../moleculer.config.ts";
import type { Env } from "../../broker/env.ts";
import { DidNotStart, Member } from "./member.ts";
import { addressFor, readPasswords } from "./nats-conf.ts";
import { provideNats, startNats, type Nats, type ServerProcess } from "./nats.ts";
import type { ClusterOptions } from "./options.ts";
import { isAlive, readState, writeState, type ClusterState } from "./state.ts";

const GATEWAY = "api";
/** How far apart the ports of a service's processes are. */
const APART = 100;

/** Runs a process for each service on this machine, and the server they meet at. */
export class Launcher {
	readonly #env: Env;
	readonly #options: ClusterOptions;
	readonly #services: readonly string[];
	readonly #say: (line: string) => void;
	#nats: Nats | undefined;
	#server: ServerProcess | undefined;
	#restarting: Promise<void> | undefined;
	#members: Member[] = [];
	#rolls = 0;
	#stopping = false;

	constructor(env: Env, options: ClusterOptions, services: readonly string[], say: (line: string) => void) {
		this.#env = env;
		this.#options = options;
		this.#services = services;
		this.#say = say;
	}

	/** Starts the server, the services and then the gateway; resolves when all are ready. */
	async start(): Promise<void> {
		const { DATA_DIR, TRANSPORTER } = this.#env;
		mkdirSync(DATA_DIR, { recursive: true });
		const nats = await provideNats(TRANSPORTER, DATA_DIR, readState(DATA_DIR, { dead: true })?.nats, this.#services);
		this.#nats = nats;
		if (nats.server) this.#watch(nats.server);
		this.#say(`✓ NATS at ${nats.url.replace(/\/\/.*@/, "//")}${nats.server ? ", of this cluster" : ""}`);
		const behind = this.#services.filter(name => name !== GATEWAY);
		await this.#startAll(behind.map(name => this.#member(name, 1)));
		// Further processes come when the first is there: a store that takes only one is the first one's.
		await this.#startAll(behind.flatMap(name => this.#further(name))).catch((error: unknown) => {
			if (error instanceof DidNotStart && /in use by process/.test(error.message))
				error.message += "\nA SQLite store has one process: --store postgres takes more";
			throw error;
		});
		if (!this.#services.includes(GATEWAY)) return;
		await this.#startAll([this.#member(GATEWAY, 1), ...this.#further(GATEWAY)]);
	}

	/** Stops the gateway first, so that what came in is answered, then the services, then the server. */
	async stop(): Promise<void> {
		this.#stopping = true;
		const isGateway = ({ options }: Member) => options.service === GATEWAY;
		await Promise.all(this.#members.filter(isGateway).map(member => member.stop()));
		await Promise.all(this.#members.map(member => member.stop()));
		await this.#restarting;
		const server = this.#server;
		if (!server || !isAlive(server.pid)) return;
		process.kill(server.pid, "SIGTERM");
		await server.gone;
	}

	/** Restarts all processes, one at a time: each is ready before the next is stopped. */
	async roll(): Promise<void> {
		for (const member of this.#members) {
			if (this.#stopping) return;
			await member.stop();
			if (this.#stopping) return;
			await member.start();
			this.#say(`✓ ${member.options.name} restarted`);
		}
		this.#rolls++;
		this.#keepState();
	}

	async #startAll(members: Member[]): Promise<void> {
		this.#members.push(...members);
		const begun = performance.now();
		await Promise.all(
			members.map(async member => {
				await member.start();
				const { name, host, port } = member.options;
				const seconds = ((performance.now() - begun) / 1_000).toFixed(1);
				if (!this.#stopping) this.#say(`✓ ${name.padEnd(14)} http://${host}:${port}/health/ready  ${seconds} s`);
			})
		);
	}

	#further(service: string): Member[] {
		const count = this.#options.scale.get(service) ?? 1;
		return Array.from({ length: count - 1 }, (_, index) => this.#member(service, index + 2));
	}

	#member(service: string, instance: number): Member {
		const name = instance === 1 ? service : `${service}.${instance}`;
		const { HOST, PORT } = this.#env;
		// All ports move with the gateway's, so that two clusters have room beside each other.
		const port =
			PORT + (PORTS[service] ?? 8_020 + this.#services.indexOf(service)) - PORTS[GATEWAY]! + APART * (instance - 1);
		const { store } = this.#options;
		const { url, own } = this.#nats!;
		return new Member({
			name,
			service,
			port,
			host: HOST === "0.0.0.0" ? "127.0.0.1" : HOST,
			env: {
				TRANSPORTER: own ? addressFor(url, [service], readPasswords(this.#env.DATA_DIR)!) : url,
				// A process that is started again replaces the one that died at once, in the eyes of the others.
				NODE_ID: `${service}.${instance}`,
				[service === GATEWAY ? "PORT" : "HEALTH_PORT"]: String(port),
				...(store ? { STORE: store } : {})
			},
			log: line => this.#say(`${name.padEnd(14)}| ${line}`),
			changed: () => this.#keepState()
		});
	}

	/** The server is as mortal as the rest; its clients come back by themselves. */
	#watch(server: ServerProcess): void {
		this.#server = server;
		void server.gone.then(() => {
			this.#restarting = this.#restartNats();
		});
	}

	async #restartNats(): Promise<void> {
		while (!this.#stopping) {
			this.#say("nats-server has died; it is started again");
			try {
				this.#watch(await startNats(this.#nats!.port, this.#env.DATA_DIR));
				return this.#keepState();
			} catch (error) {
				this.#say((error as Error).message);
				await pause(1_000);
			}
		}
	}

	#keepState(): void {
		const state: ClusterState = {
			pid: process.pid,
			transporter: this.#nats!.url,
			...(this.#server ? { nats: { pid: this.#server.pid, port: this.#nats!.port } } : {}),
			members: this.#members.map(({ state }) => state),
			rolls: this.#rolls
		};
		writeState(this.#env.DATA_DIR, state);
	}
}
