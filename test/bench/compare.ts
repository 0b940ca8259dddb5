import { setTimeout as pause } from "node:timers/promises";
import { between, costOfEach, perSecond, used, type Cost, type Meters, type Used } from "./costs.ts";
import { start, type Layout } from "./layouts.ts";
import { FLOWS, load, logIn, order, ordersAt, productAt, settled, type Load } from "./load.ts";
import type { BenchOptions } from "./options.ts";
import { stopAll } from "./owned.ts";
import { Progress } from "./progress.ts";

/** How fast something was, and what each order, or each read, took beyond what the layout uses when nobody asks. */
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

interface Task {
	what: string;
	clients: number;
	run(origin: string, seconds: number): Promise<Load>;
}

const tasks: readonly Task[] = [
	...[16, 64].map(
		(clients): Task => ({
			what: "product read",
			clients,
			run: (origin, seconds) => load(productAt(origin), clients, seconds)
		})
	),
	...FLOWS.flatMap(flow =>
		["placed", "confirmed"].flatMap(kind =>
			[16, 64].map(
				(clients): Task => ({
					what: `${flow} order ${kind}`,
					clients,
					run: async (origin, seconds) =>
						load(
							ordersAt(origin),
							clients,
							seconds,
							order(flow, await logIn(origin), { confirmed: kind === "confirmed" })
						)
				})
			)
		)
	)
];

/** Measures layouts, one after the other, into a list that keeps what was found should a later one fail. */
export async function compare({ layouts, scale, seconds, json }: BenchOptions, measured: Measured[]): Promise<void> {
	const systems = layouts.flatMap((layout): Pick<Measured, "system" | "layout" | "scale">[] =>
		// Only a store on Postgres takes further processes.
		layout === "C"
			? [
					{ system: "C", layout },
					{ system: "C scaled", layout, scale }
				]
			: [{ system: layout, layout }]
	);
	const progress = new Progress(systems.length * (1 + tasks.length), json);
	for (const one of systems) {
		const { origin, processes, meters } = await start(one.layout, one.scale);
		await warmUp(origin);
		progress.next(`${one.system}: nothing is asked`);
		const idle = await whileIdle(meters, seconds);
		const figures: Figure[] = [];
		measured.push({ ...one, processes, idle: perSecond(idle), figures });
		for (const { what, clients, run } of tasks) {
			progress.next(`${one.system}: ${what}, ${clients} clients`);
			const before = await used(meters);
			const loaded = await run(origin, seconds);
			// What follows from an order belongs to its cost.
			await settled(origin, await logIn(origin));
			const busy = between(before, await quiet(meters, idle));
			const cost = costOfEach(busy, idle, busy.orders || loaded.answers);
			figures.push({ system: one.system, what, clients, ...loaded, cost });
		}
		await stopAll();
	}
}

/** A first round that nobody measures: the code is compiled and the statements are prepared. */
async function warmUp(origin: string): Promise<void> {
	await load(productAt(origin), 16, 2);
	const token = await logIn(origin);
	for (const flow of FLOWS) await load(ordersAt(origin), 16, 2, order(flow, token, { confirmed: true }));
	await settled(origin, token);
	await pause(2_000);
}

async function whileIdle(meters: Meters, seconds: number): Promise<Used> {
	const before = await used(meters);
	await pause(seconds * 1_000);
	return between(before, await used(meters));
}

/** Waits, for a while at most, until a layout does no more than when nobody asks. */
async function quiet(meters: Meters, idle: Used): Promise<Used> {
	let last = await used(meters);
	for (let tries = 0; tries < 60; tries++) {
		await pause(500);
		const now = await used(meters);
		const { ms, natsIn, statements } = between(last, now);
		const isBusy = (found: number, usual: number) => found > 1.5 * ((usual * ms) / idle.ms) + 25;
		if (!isBusy(natsIn, idle.natsIn) && !isBusy(statements, idle.statements)) return now;
		last = now;
	}
	return last;
}
