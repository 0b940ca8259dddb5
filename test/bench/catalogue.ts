import { spawn } from "node:child_process";
import { once } from "node:events";
import { createWriteStream, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { finished } from "node:stream/promises";
import { parseArgs } from "node:util";
import autocannon from "autocannon";
import { stopAll, stopLater, stopOnSignals } from "./owned.ts";
import { ended, memoryOf, serve, type Server } from "./servers.ts";

// A catalogue of a size: how long its import takes and what it costs, and how fast it is searched afterwards.
//   node test/bench/catalogue.ts --lines 100000 --seconds 5

const { values: given } = parseArgs({
	options: { lines: { type: "string", default: "100000" }, seconds: { type: "string", default: "5" } }
});
const lines = Number(given.lines);
const folder = mkdtempSync(join(tmpdir(), "souk-catalogue-"));
const file = join(folder, "products.csv");

const MADE_OF = ["brass", "silk", "wool", "clay", "glass", "olive wood", "leather", "cotton", "silver", "cedar"];
const THINGS = [
	"lamp",
	"lantern",
	"bowl",
	"rug",
	"scarf",
	"tile",
	"pouf",
	"tray",
	"teapot",
	"mirror",
	"basket",
	"drum"
];
const SIZES = ["small", "large", "round", "long", "flat", "deep", "light", "heavy"];

/** Words that a few products have each, as names of places and makers are. */
const rare = (n: number): string => `maker${n % 2_000}`;

async function writeFile(): Promise<void> {
	const out = createWriteStream(file);
	out.write("name,price,onHand,description,images\n");
	for (let n = 0; n < lines; n++) {
		const of = MADE_OF[n % MADE_OF.length]!;
		const thing = THINGS[Math.floor(n / 7) % THINGS.length]!;
		const size = SIZES[Math.floor(n / 3) % SIZES.length]!;
		const text = `A ${size} ${thing} of ${of}, made by ${rare(n)}, numbered ${n}. "Each one is a little different, and none is perfect."`;
		const line = `${size} ${of} ${thing} ${n},${100 + (n % 90_000)},${n % 500},"${text.replaceAll('"', '""')}",https://img.souk.test/${n}.jpg\n`;
		if (!out.write(line)) await once(out, "drain");
	}
	out.end();
	await finished(out);
}

/** Runs the import as a person would; resolves to the seconds it took and the most memory it held. */
async function importFile(server: Server): Promise<{ seconds: number; peakMiB: number }> {
	const began = performance.now();
	const child = spawn(process.execPath, ["scripts/import.ts", file, "--url", server.origin], { stdio: "inherit" });
	stopLater(() => ended(child, "SIGTERM"));
	let peakMiB = 0;
	const look = setInterval(() => {
		if (child.exitCode === null) peakMiB = memoryOf(child.pid!, "VmHWM") || peakMiB;
	}, 100);
	const code = await new Promise<number | null>(resolve => child.once("exit", resolve));
	clearInterval(look);
	if (code !== 0) throw new Error(`The import ended with ${code}`);
	return { seconds: (performance.now() - began) / 1_000, peakMiB };
}

interface Search {
	what: string;
	queries: string[];
}
const SEARCHES: Search[] = [
	{ what: "a word of few products", queries: Array.from({ length: 50 }, (_, n) => rare(n * 37)) },
	{ what: "three words", queries: SIZES.flatMap(size => THINGS.map(thing => `${size} silver ${thing}`)) },
	{ what: "a word of one in twelve", queries: THINGS },
	{ what: "two letters", queries: ["la", "si", "ro", "ma"] }
];

async function search(server: Server, { what, queries }: Search, clients: number): Promise<object> {
	const result = await autocannon({
		url: server.origin,
		connections: clients,
		duration: Number(given.seconds),
		reconnectRate: 900,
		requests: queries.map(query => ({ path: `/api/v1/products?limit=20&search=${encodeURIComponent(query)}` }))
	});
	const { p50, p99 } = result.latency;
	const errors = result.non2xx + result.errors;
	const perSecond = Math.round(result["2xx"] / result.duration);
	return { search: what, clients, "per second": perSecond, "p50 ms": p50, "p99 ms": p99, errors };
}

stopOnSignals();
await writeFile();
stopLater(async () => rmSync(folder, { recursive: true, force: true }));
try {
	const server = await serve("scripts/start.ts", "/health/ready", { RATE_LIMIT: "off" });
	const rss = server.rssMiB();
	const { seconds, peakMiB } = await importFile(server);
	const cpu = server.cpuMs() / 1_000;
	process.stdout.write(
		`import of ${lines} lines: ${seconds.toFixed(1)} s (${Math.round(lines / seconds)} a second); memory of the script ${peakMiB.toFixed(0)} MiB at most, ` +
			`of the server ${rss.toFixed(0)} MiB before and ${server.peakMiB().toFixed(0)} MiB at most; ${cpu.toFixed(0)} s of CPU\n`
	);
	const figures: object[] = [];
	for (const one of SEARCHES) for (const clients of [1, 16]) figures.push(await search(server, one, clients));
	console.table(figures);
} finally {
	await stopAll();
}
