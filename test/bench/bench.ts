import { writeSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { parseArgs } from "node:util";
import autocannon from "autocannon";
import { serve, type Server } from "./servers.ts";

const { values: given } = parseArgs({
	options: { json: { type: "boolean", default: false }, seconds: { type: "string", default: "5" } }
});
const seconds = Number(given.seconds);

interface Figure {
	what: string;
	clients: number;
	perSecond: number;
	p50: number;
	p99: number;
	/** CPU time of the server for one answer, in milliseconds. */
	cpuMs: number;
	errors: number;
}

const figures: Figure[] = [];
const planned = 14;

/** A connection closed by the gateway after its thousandth answer would make autocannon send two requests at a time. */
const RECONNECT_AFTER = 900;

async function measure(what: string, clients: number, server: Server, options: object): Promise<Figure> {
	progress(`${what}, ${clients} clients`);
	const cpu = server.cpuMs();
	const result = await autocannon({
		url: server.origin,
		connections: clients,
		duration: seconds,
		reconnectRate: RECONNECT_AFTER,
		...options
	});
	const figure = {
		what,
		clients,
		perSecond: result["2xx"] / result.duration,
		p50: result.latency.p50,
		p99: result.latency.p99,
		cpuMs: (server.cpuMs() - cpu) / Math.max(1, result["2xx"]),
		errors: result.non2xx + result.errors + result.mismatches
	};
	figures.push(figure);
	return figure;
}

function progress(what: string): void {
	if (!given.json && process.stderr.isTTY) writeSync(2, `\r\x1b[K[${figures.length + 1}/${planned}] ${what}`);
	else writeSync(2, `[${figures.length + 1}/${planned}] ${what}\n`);
}

const http = await serve("test/bench/bare-http.ts", "/");
await measure("bare node:http", 64, http, {});
await http.stop();

const hello = await serve("test/bench/bare-moleculer.ts", "/hello");
await measure("bare moleculer-web action", 64, hello, { url: `${hello.origin}/hello` });
await hello.stop();

const started = performance.now();
const souk = await serve("scripts/start.ts", "/health/ready", { RATE_LIMIT: "off" });
const startSeconds = (performance.now() - started) / 1_000;
const rssStart = souk.rssMiB();

// A first round that nobody measures: the code is compiled and the statements are prepared.
await autocannon({ url: `${souk.origin}/api/v1/products/101`, connections: 16, duration: 2 });
await measure("product read", 1, souk, { url: `${souk.origin}/api/v1/products/101` });
await measure("product read", 64, souk, { url: `${souk.origin}/api/v1/products/101` });
await measure("product list", 16, souk, { url: `${souk.origin}/api/v1/products?limit=20` });

const token = await logIn(souk.origin);
for (const flow of ["orchestrated", "choreographed"])
	for (const clients of [1, 16, 64])
		await measure(`${flow} order confirmed`, clients, souk, {
			...order(flow, { prefer: "wait=10" }),
			verifyBody: (body: string) => (JSON.parse(body) as { status: string }).status === "CONFIRMED"
		});
for (const flow of ["orchestrated", "choreographed"]) {
	await measure(`${flow} order placed`, 64, souk, order(flow));
	await settled(souk.origin);
}
const rssLoad = souk.rssMiB();
await souk.stop();

report();

function order(flow: string, headers: Record<string, string> = {}) {
	return {
		url: `${souk.origin}/api/v1/orders`,
		method: "POST",
		idReplacement: true,
		headers: {
			"content-type": "application/json",
			authorization: `Bearer ${token}`,
			"idempotency-key": "bench-[<id>]",
			...headers
		},
		body: JSON.stringify({ items: [{ productId: 101, quantity: 1 }], payment: { token: "tok_ok" }, flow })
	};
}

async function logIn(origin: string): Promise<string> {
	const response = await fetch(`${origin}/api/v1/auth/login`, {
		method: "POST",
		headers: { "content-type": "application/json" },
		body: JSON.stringify({ email: "alice@souk.test", password: "souk-demo" })
	});
	return ((await response.json()) as { accessToken: string }).accessToken;
}

/** Waits until no order is pending any more, so that one measurement does not pay for the one before. */
async function settled(origin: string): Promise<void> {
	for (let tries = 0; tries < 240; tries++) {
		const response = await fetch(`${origin}/api/v1/orders?status=PENDING&limit=1`, {
			headers: { authorization: `Bearer ${token}` }
		});
		if (((await response.json()) as { items: unknown[] }).items.length === 0) return;
		await pause(250);
	}
	throw new Error("Orders are still pending a minute after the load ended");
}

function report(): void {
	const of = (what: string, clients = 64) =>
		figures.find(figure => figure.what === what && figure.clients === clients)!;
	const ratios = {
		"product read / bare moleculer-web": of("product read").perSecond / of("bare moleculer-web action").perSecond,
		"product read / bare node:http": of("product read").perSecond / of("bare node:http").perSecond,
		"orchestrated confirmed / bare moleculer-web":
			of("orchestrated order confirmed").perSecond / of("bare moleculer-web action").perSecond,
		"choreographed confirmed / orchestrated confirmed":
			of("choreographed order confirmed").perSecond / of("orchestrated order confirmed").perSecond
	};
	const process_ = { startSeconds, rssStartMiB: rssStart, rssLoadMiB: rssLoad };
	if (given.json)
		return void process.stdout.write(
			`${JSON.stringify({ seconds, figures, ratios, process: process_ }, null, "\t")}\n`
		);
	const rows = figures.map(({ what, clients, perSecond, p50, p99, cpuMs, errors }) => ({
		what,
		clients,
		"per second": Math.round(perSecond),
		"p50 ms": p50,
		"p99 ms": p99,
		"CPU ms each": Number(cpuMs.toFixed(3)),
		errors
	}));
	process.stdout.write("\n");
	console.table(rows);
	for (const [name, ratio] of Object.entries(ratios)) process.stdout.write(`${name}: ${ratio.toFixed(3)}\n`);
	process.stdout.write(
		`start ${startSeconds.toFixed(2)} s, memory ${rssStart.toFixed(0)} MiB at start and ${rssLoad.toFixed(0)} MiB after load\n`
	);
	if (figures.some(({ errors }) => errors > 0)) process.exitCode = 1;
}
