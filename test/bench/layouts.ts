import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { isAlive, readState } from "../../scripts/cluster/state.ts";
import { freePort, NatsServer } from "../support/nats-server.ts";
import { hasPostgres, PostgresServer, query } from "../support/postgres-server.ts";
import { TestRedis } from "../support/redis.ts";
import type { Meters } from "./costs.ts";
import { owned, stopLater } from "./owned.ts";
import { freePorts, ROOT, serve, untilAnswers } from "./servers.ts";

export const LAYOUTS = ["A", "B", "C"] as const;
/** How Souk is laid out: in one process, in a process a service over NATS, or in more of them over Postgres. */
export type Layout = (typeof LAYOUTS)[number];

/** A layout that runs. */
export interface Running {
	origin: string;
	processes: number;
	meters: Meters;
}

/** What has to be installed and is not, in words. */
export function missing(layouts: readonly Layout[]): string[] {
	const isThere = (program: string): boolean => spawnSync(program, ["--version"]).error === undefined;
	const needs: [Layout, string, () => boolean][] = [
		["B", "nats-server", () => isThere("nats-server")],
		["C", "nats-server", () => isThere("nats-server")],
		["C", "redis-server", () => isThere("redis-server")],
		["C", "postgresql", hasPostgres]
	];
	return needs
		.filter(([layout, , there]) => layouts.includes(layout) && !there())
		.map(([layout, program]) => `Layout ${layout} needs ${program}: apt-get install ${program}`);
}

/** Starts a layout on free ports and in temporary folders; `scale` as `npm run cluster` takes it. */
export async function start(layout: Layout, scale?: string): Promise<Running> {
	if (layout === "A") {
		const { origin } = await serve("scripts/start.ts", "/health/ready", { RATE_LIMIT: "off" });
		return { origin, processes: 1, meters: { metrics: () => [`${origin}/metrics`] } };
	}
	const [nats, monitor] = await natsServer();
	if (layout === "B") return launch(scale, { TRANSPORTER: nats.url, STORE: "sqlite", REDIS_URL: "" }, { monitor });
	const redis = await owned(TestRedis.start(), started => started.close());
	const postgres = await postgresServer();
	const env = { TRANSPORTER: nats.url, STORE: "postgres", DATABASE_URL: postgres.url("souk"), REDIS_URL: redis.url };
	return launch(scale, env, { monitor, postgres: postgres.url() });
}

async function natsServer(): Promise<[NatsServer, number]> {
	const monitor = await freePort();
	const nats = new NatsServer();
	nats.flags = [...nats.flags, "-m", String(monitor)];
	stopLater(() => nats.close());
	await nats.start();
	return [nats, monitor];
}

/** A server that is as careful with commits as SQLite is, on the same disk, and counts statements. */
async function postgresServer(): Promise<PostgresServer> {
	const settings = ["fsync=on", "full_page_writes=on", "shared_preload_libraries=pg_stat_statements"];
	const server = await owned(PostgresServer.start({ within: tmpdir(), settings }), started => started.remove());
	await query(server.url(), "CREATE EXTENSION pg_stat_statements");
	return server;
}

/** Runs `npm run cluster` on a folder of its own. */
async function launch(
	scale: string | undefined,
	env: Record<string, string>,
	counted: Omit<Meters, "metrics">
): Promise<Running> {
	const args = scale ? ["--scale", scale] : [];
	const folder = mkdtempSync(join(tmpdir(), "souk-bench-"));
	const port = await freePorts(Math.max(1, ...(scale?.match(/\d+/g) ?? []).map(Number)));
	const own = { PORT: String(port), DATA_DIR: folder, NODE_ENV: "development", LOG_LEVEL: "error", RATE_LIMIT: "off" };
	const child = spawn(process.execPath, [join(ROOT, "scripts/cluster.ts"), ...args], {
		cwd: ROOT,
		// In a group of its own: Ctrl-C is for the bench, which ends all of it.
		detached: true,
		env: { ...process.env, ...own, ...env },
		stdio: ["ignore", "ignore", "inherit"]
	});
	const members = () => readState(folder, { dead: true })?.members ?? [];
	stopLater(async () => {
		// Nothing of it is kept. Only when their launcher is gone are the processes not started again.
		child.kill("SIGKILL");
		const pids = () => members().flatMap(({ pid }) => (pid && isAlive(pid) ? [pid] : []));
		for (const pid of pids()) process.kill(pid, "SIGKILL");
		for (let tries = 0; tries < 100 && pids().length > 0; tries++) await pause(50);
		rmSync(folder, { recursive: true, force: true });
	});
	const origin = `http://127.0.0.1:${port}`;
	// The gateway is started last.
	await untilAnswers(`${origin}/health/ready`, child);
	const metrics = () => members().map(({ port }) => `http://127.0.0.1:${port}/metrics`);
	return { origin, processes: members().length, meters: { ...counted, metrics } };
}
