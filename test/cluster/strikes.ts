import { eventually } from "../support/eventually.ts";
import { PostgresServer } from "../support/postgres-server.ts";
import { TestRedis } from "../support/redis.ts";
import { overPostgres } from "../support/stores.ts";
import type { Layout, Souk } from "../chaos/harness.ts";
import { knobs } from "../chaos/knobs.ts";
import type { Random } from "../chaos/random.ts";

const PATIENT = { within: 120_000 };

/** What is struck: the process of a service, or one of the servers between and below them. */
export type Target = "service" | "NATS" | "Postgres" | "Redis";

/** The servers of a layout that a spec has for itself, so that it may kill them. NATS is the launcher's own. */
export class Servers {
	readonly #postgres: PostgresServer | undefined;
	readonly #redis: TestRedis | undefined;

	private constructor(postgres?: PostgresServer, redis?: TestRedis) {
		this.#postgres = postgres;
		this.#redis = redis;
	}

	static async start(layout: Layout): Promise<Servers> {
		if (layout !== "C") return new Servers();
		const postgres = await PostgresServer.start();
		overPostgres(postgres.url());
		return new Servers(postgres, await TestRedis.start());
	}

	/** What the processes are told of them. */
	get env(): Record<string, string> {
		return this.#redis ? { REDIS_URL: this.#redis.url } : {};
	}

	/** As many strikes of each kind as the knobs say, in any order. */
	plan(random: Random): Target[] {
		const counts: [Target, number][] = [
			["service", knobs.clusterKills],
			["NATS", knobs.nats]
		];
		if (this.#postgres) counts.push(["Postgres", knobs.postgres], ["Redis", knobs.redis]);
		const plan = counts.flatMap(([target, count]) => Array<Target>(count).fill(target));
		return plan
			.map(target => ({ target, at: random.next() }))
			.toSorted((a, b) => a.at - b.at)
			.map(({ target }) => target);
	}

	/** Kills one of them, and resolves to its name once it was started again. It need not be ready by then. */
	async strike(target: Target, souk: Souk, random: Random): Promise<string> {
		if (target === "Postgres") {
			// As pg_ctl restart -m fast does it: every connection is ended, what was not committed is undone.
			await this.#postgres!.stop("fast");
			await this.#postgres!.boot();
			return target;
		}
		if (target === "Redis") {
			await this.#redis!.kill();
			await this.#redis!.start();
			return target;
		}
		const all = [...souk.processes].filter(([name]) => (name === "nats") === (target === "NATS"));
		const [name, pid] = random.pick(all);
		process.kill(pid, "SIGKILL");
		await eventually(() => {
			const now = souk.processes.get(name);
			expect(now).toBeDefined();
			expect(now).not.toBe(pid);
		}, PATIENT);
		return target === "NATS" ? target : name;
	}

	async close(): Promise<void> {
		await this.#redis?.close();
		await this.#postgres?.remove();
	}
}
