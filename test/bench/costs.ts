import { query } from "../support/postgres-server.ts";
import { cpuOfAll } from "./cpu.ts";

/** What a layout has used so far, or in between; `ms` is how long that took. */
export interface Used {
	ms: number;
	orders: number;
	natsIn: number;
	natsOut: number;
	statements: number;
	commits: number;
	cpuMs: number;
	serversCpuMs: number;
}

/** Who counts what a layout uses. */
export interface Meters {
	/** Where each process tells what it measured. */
	metrics(): readonly string[];
	/** The NATS server's monitoring port. */
	monitor?: number;
	/** A Postgres server that counts statements. */
	postgres?: string;
}

export async function used({ metrics, monitor, postgres }: Meters): Promise<Used> {
	const texts = await Promise.all(metrics().map(async url => (await fetch(url)).text()));
	const [nats, asked] = await Promise.all([
		monitor ? messages(monitor) : NO_MESSAGES,
		postgres ? askedOf(postgres) : NOTHING
	]);
	const { souk, servers } = cpuOfAll();
	const sum = (name: string, labels?: string) => texts.reduce((total, text) => total + sumOf(text, name, labels), 0);
	// By the service itself: an answer that nobody waited for any more is an order, too.
	const placing = 'action="orders.place",type="local"';
	const orders = sum("moleculer_request_total", placing) - sum("moleculer_request_error_total", placing);
	return {
		ms: performance.now(),
		orders,
		...nats,
		statements: asked.statements + sum("souk_store_statements_total"),
		commits: asked.commits + sum("souk_store_commits_total"),
		cpuMs: souk,
		serversCpuMs: servers
	};
}

/** The same of one order, or of one second. */
export type Cost = Omit<Used, "ms" | "orders">;

const COSTS = ["natsIn", "natsOut", "statements", "commits", "cpuMs", "serversCpuMs"] as const;
const each = <Name extends string>(names: readonly Name[], value: (name: Name) => number): Record<Name, number> =>
	Object.fromEntries(names.map(name => [name, value(name)])) as Record<Name, number>;

/** What was used from one moment to another. */
export const between = (before: Used, after: Used): Used =>
	each(["ms", "orders", ...COSTS], name => after[name] - before[name]);

/** What each of `count` things took, beyond what is used meanwhile anyway. */
export const costOfEach = (busy: Used, idle: Used, count: number): Cost =>
	each(COSTS, name => Math.max(0, busy[name] - (idle[name] * busy.ms) / idle.ms) / Math.max(1, count));

/** What is used in a second. */
export const perSecond = (used: Used): Cost => each(COSTS, name => (used[name] * 1_000) / used.ms);

const NO_MESSAGES = { natsIn: 0, natsOut: 0 };

/** What clients sent to a NATS server, and what it sent to them: docs.nats.io/running-a-nats-service/nats_admin/monitoring. */
async function messages(port: number): Promise<typeof NO_MESSAGES> {
	const answer = await fetch(`http://127.0.0.1:${port}/varz`);
	const { in_msgs, out_msgs } = (await answer.json()) as { in_msgs: number; out_msgs: number };
	return { natsIn: in_msgs, natsOut: out_msgs };
}

const NOTHING = { statements: 0, commits: 0 };

// The payment provider is somebody else, and its books are not ours.
const ASKED = `SELECT sum(calls)::int AS statements, sum(CASE query WHEN 'COMMIT' THEN calls ELSE 0 END)::int AS commits
	FROM pg_stat_statements JOIN pg_database ON oid = dbid WHERE datname LIKE 'souk\\_%' AND datname <> 'souk_provider'`;

async function askedOf(url: string): Promise<typeof NOTHING> {
	const [asked] = await query<typeof NOTHING>(url, ASKED);
	return asked!;
}

/** The sum of a metric's samples with these labels, in the text form of Prometheus. */
function sumOf(text: string, name: string, labels = ""): number {
	const samples = text.split("\n").filter(line => line.startsWith(`${name}{`) && line.includes(labels));
	return samples.reduce((total, sample) => total + Number(sample.slice(sample.lastIndexOf(" "))), 0);
}
