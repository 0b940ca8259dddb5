import { setTimeout as pause } from "node:timers/promises";
import { between, costOfEach, perSecond, used, type Cost, type Used } from "./costs.ts";
import { start, type Layout, type Running } from "./layouts.ts";
import { FLOWS, load, logIn, order, ordersAt, productAt, settled, type Load } from "./load.ts";
import type { BenchOptions } from "./options.ts";
import { stopAll } from "./owned.ts";
import { Progress } from "./progress.ts";

const CLIENTS = [16, 64];
/** Two of reads, four of each flow, and one while nothing is asked. */
const MEASUREMENTS = CLIENTS.length * (1 + 2 * FLOWS.length) + 1;

/** One measurement: how fast, and what each order, or each read, took beyond what the layout uses when nobody asks. */
export interface Figure extends Load {
	system: string;
	what: string;
	clients: number;
	cost: Cost;
}

/** A layout that was measured. */
export interface Measured {
	system: string;
	layout: Layout;
	scale?: string;
	processes: number;
	/** What it uses in a second when nobody asks. */
	idle: Cost;
	figures: Figure[];
}

/** Measures layouts, one after the other. */
export async function compare({ layouts, scale, seconds, json }: BenchOptions): Promise<Measured[]> {
	const systems = layouts.flatMap((layout): Pick<Measured, "system" | "layout" | "scale">[] =>
		// Only a store on Postgres takes further processes.
		layout === "C"
			? [
					{ system: "C", layout },
					{ system: "C scaled", layout, scale }
				]
			: [{ system: layout, layout }]
	);
	const progress = new Progress(systems.length * MEASUREMENTS, json);
	const measured: Measured[] = [];
	for (const one of systems) {
		const running = await start(one.layout, one.scale);
		const found = await measureAll(running, seconds, what => progress.next(`${one.system}: ${what}`));
		const figures = found.figures.map(figure => ({ system: one.system, ...figure }));
		measured.push({ ...one, processes: running.processes, idle: found.idle, figures });
		await stopAll();
	}
	return measured;
}

type Found = Omit<Figure, "system">;

async function measureAll({ origin, meters }: Running, seconds: number, say: (what: string) => void) {
	const token = await logIn(origin);
	// A first round that nobody measures: the code is compiled and the statements are prepared.
	await load(productAt(origin), 16, 2);
	for (const flow of FLOWS) await load(ordersAt(origin), 16, 2, order(flow, token, { confirmed: true }));
	await settled(origin, token);
	await pause(2_000);

	say("nothing is asked");
	const before = await used(meters);
	await pause(seconds * 1_000);
	const idle = between(before, await used(meters));

	const figures: Found[] = [];
	async function measure(what: string, clients: number, url: string, options?: object): Promise<void> {
		say(`${what}, ${clients} clients`);
		const begun = await used(meters);
		const loaded = await load(url, clients, seconds, options);
		// What follows from an order belongs to its cost.
		await settled(origin, await logIn(origin));
		const busy = between(begun, await quiet(meters, idle));
		figures.push({ what, clients, ...loaded, cost: costOfEach(busy, idle, busy.orders || loaded.answers) });
	}
	for (const clients of CLIENTS) await measure("product read", clients, productAt(origin));
	for (const flow of FLOWS)
		for (const kind of ["placed", "confirmed"])
			for (const clients of CLIENTS) {
				const options = order(flow, await logIn(origin), { confirmed: kind === "confirmed" });
				await measure(`${flow} order ${kind}`, clients, ordersAt(origin), options);
			}
	return { idle: perSecond(idle), figures };
}

/** Waits, for a while at most, until a layout does no more than when nobody asks. */
async function quiet(meters: Running["meters"], idle: Used): Promise<Used> {
	let last = await used(meters);
	for (let tries = 0; tries < 40; tries++) {
		await pause(500);
		const now = await used(meters);
		const { ms, natsIn, statements } = between(last, now);
		const isBusy = (found: number, usual: number) => found > 1.5 * ((usual * ms) / idle.ms) + 25;
		if (!isBusy(natsIn, idle.natsIn) && !isBusy(statements, idle.statements)) return now;
		last = now;
	}
	return last;
}
