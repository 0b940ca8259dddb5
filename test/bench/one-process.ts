import { FLOWS, load, logIn, order, ordersAt, productAt, settled, type Load } from "./load.ts";
import type { BenchOptions } from "./options.ts";
import { stopAll } from "./owned.ts";
import { Progress } from "./progress.ts";
import { serve, type Server } from "./servers.ts";

interface Figure extends Omit<Load, "answers"> {
	what: string;
	clients: number;
	/** CPU time of the server for one answer, in milliseconds. */
	cpuMs: number;
}

/** Measures Souk in one process, next to a bare server and a bare gateway. Resolves to whether all was answered. */
export async function oneProcess({ seconds, json }: BenchOptions): Promise<boolean> {
	const figures: Figure[] = [];
	const progress = new Progress(13, json);
	async function measure(what: string, clients: number, server: Server, url: string, options?: object): Promise<void> {
		progress.next(`${what}, ${clients} clients`);
		const cpu = server.cpuMs();
		const { answers, ...measured } = await load(url, clients, seconds, options);
		figures.push({ what, clients, ...measured, cpuMs: (server.cpuMs() - cpu) / Math.max(1, answers) });
	}

	const http = await serve("test/bench/bare-http.ts", "/");
	await measure("bare node:http", 64, http, http.origin);
	await stopAll();

	const hello = await serve("test/bench/bare-moleculer.ts", "/hello");
	await measure("bare moleculer-web action", 64, hello, `${hello.origin}/hello`);
	await stopAll();

	const started = performance.now();
	const souk = await serve("scripts/start.ts", "/health/ready", { RATE_LIMIT: "off" });
	const startSeconds = (performance.now() - started) / 1_000;
	const rssStartMiB = souk.rssMiB();

	// A first round that nobody measures: the code is compiled and the statements are prepared.
	await load(productAt(souk.origin), 16, 2);
	await measure("product read", 1, souk, productAt(souk.origin));
	await measure("product read", 64, souk, productAt(souk.origin));
	await measure("product list", 16, souk, `${souk.origin}/api/v1/products?limit=20`);

	const token = await logIn(souk.origin);
	for (const flow of FLOWS)
		for (const clients of [1, 16, 64])
			await measure(
				`${flow} order confirmed`,
				clients,
				souk,
				ordersAt(souk.origin),
				order(flow, token, { confirmed: true })
			);
	for (const flow of FLOWS) {
		await measure(`${flow} order placed`, 64, souk, ordersAt(souk.origin), order(flow, token, { confirmed: false }));
		await settled(souk.origin, token);
	}
	const rssLoadMiB = souk.rssMiB();
	await stopAll();

	const report = { seconds, figures, ratios: ratiosOf(figures), process: { startSeconds, rssStartMiB, rssLoadMiB } };
	if (json) process.stdout.write(`${JSON.stringify(report, null, "\t")}\n`);
	else print(report);
	return figures.every(({ errors }) => errors === 0);
}

function ratiosOf(figures: Figure[]) {
	const of = (what: string) => figures.find(figure => figure.what === what && figure.clients === 64)!.perSecond;
	return {
		"product read / bare moleculer-web": of("product read") / of("bare moleculer-web action"),
		"product read / bare node:http": of("product read") / of("bare node:http"),
		"orchestrated confirmed / bare moleculer-web": of("orchestrated order confirmed") / of("bare moleculer-web action"),
		"choreographed confirmed / orchestrated confirmed":
			of("choreographed order confirmed") / of("orchestrated order confirmed")
	};
}

interface Report {
	figures: Figure[];
	ratios: Record<string, number>;
	process: Record<"startSeconds" | "rssStartMiB" | "rssLoadMiB", number>;
}

function print({ figures, ratios, process: { startSeconds, rssStartMiB, rssLoadMiB } }: Report): void {
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
		`start ${startSeconds.toFixed(2)} s, memory ${rssStartMiB.toFixed(0)} MiB at start and ${rssLoadMiB.toFixed(0)} MiB after load\n`
	);
}
