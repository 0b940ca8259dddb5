import { Keeper } from "./harness.ts";
import { say } from "./knobs.ts";
import type { Trial } from "./trial.ts";

/** Something that people do, and what kills it is looked for in. */
export interface Scenario {
	name: string;
	/** Its points count for this style; those of scenarios that are no order count once. */
	style: string;
	run(trial: Trial): Promise<unknown>;
	/** How often a point is tried before it counts as missed; more where chance decides the way. */
	tries?: number;
	/** Dies here first; the point in question is then one of the recovery. */
	diesFirstAt?: string;
}

/** One kill: where, in what, and how long it took from the restart until all was at rest. */
export interface Kill {
	scenario: string;
	style: string;
	point: string;
	recoveryMs: number;
}

/** A point that was passed when it was recorded may be missed when timing differs; a point missed so often is gone. */
const TRIES = 4;

/** Points that were passed, and where each was passed first. */
export type Passed = Map<string, string>;

/** Takes note of the points that a process passed since it was asked last, and resolves to them. */
export function passing({ souk }: Trial, passed: Passed, where: string): Set<string> {
	const points = souk.hits();
	for (const point of points) if (!passed.has(point)) passed.set(point, where);
	return points;
}

/** The points that a scenario passes when nobody kills it, or when it was killed once and recovers. */
async function record(trial: Trial, { name, run, diesFirstAt = "" }: Scenario, passed: Passed): Promise<Set<string>> {
	const { souk, driver } = trial;
	await driver.prepared();
	await trial.assertSound(`the time before ${name}`);
	passing(trial, passed, `the time before ${name}`);
	const keeper = new Keeper(souk);
	souk.arm(diesFirstAt);
	const running = run(trial);
	if (diesFirstAt !== "") {
		await Promise.race([souk.death(), running]);
		passing(trial, passed, `${name}, before it died at ${diesFirstAt}`);
	}
	await running;
	await keeper.ready();
	await trial.assertSound(`a quiet run of ${name}`);
	await keeper.dismiss();
	return passing(trial, passed, name);
}

/** Kills the process at a point of a scenario, lets it recover, and holds everything to account. Undefined when it was missed. */
async function killAt(trial: Trial, scenario: Scenario, point: string, passed: Passed): Promise<Kill | undefined> {
	const { souk } = trial;
	const { name, style, run, diesFirstAt, tries = TRIES } = scenario;
	const wanted = diesFirstAt === undefined ? 1 : 2;
	for (let attempt = 1; attempt <= tries; attempt++) {
		const before = souk.deaths;
		const keeper = new Keeper(souk, diesFirstAt === undefined ? [] : [point]);
		souk.arm(diesFirstAt ?? point);
		await run(trial).catch((error: unknown) => {
			throw new Error(`${name}, killed at ${point}: ${(error as Error).message}\n${souk.log().slice(-3_000)}`);
		});
		await keeper.ready();
		await trial.assertSound(`the kill at ${point} in ${name}`);
		const recoveryMs = performance.now() - keeper.restartedAt;
		souk.disarm();
		await keeper.dismiss();
		passing(trial, passed, `${name}, killed at ${point}`);
		if (souk.deaths - before >= wanted) return { scenario: name, style, point, recoveryMs };
	}
	return undefined;
}

export interface Plan {
	/** Kills at every point of every scenario, and not only once a style. */
	full: boolean;
	/** Whether a point needs no kill in a style any more. */
	known(point: string, style: string): boolean;
}

/** What is to be killed where: every point in every style in which it occurs. */
function plan(
	recorded: ReadonlyMap<Scenario, ReadonlySet<string>>,
	{ full, known }: Plan
): { scenario: Scenario; point: string }[] {
	const planned: { scenario: Scenario; point: string }[] = [];
	const loads = new Map<Scenario, number>();
	const assign = (scenario: Scenario, point: string): void => {
		planned.push({ scenario, point });
		loads.set(scenario, (loads.get(scenario) ?? 0) + 1);
	};
	for (const [style, scenarios] of Map.groupBy(recorded.keys(), ({ style }) => style)) {
		const points = new Set(scenarios.flatMap(scenario => [...recorded.get(scenario)!]));
		const through = (point: string) => scenarios.filter(scenario => recorded.get(scenario)!.has(point));
		// What only one scenario passes comes first, so that the rest evens out.
		const rarest = [...points].sort((one, other) => through(one).length - through(other).length);
		for (const point of rarest) {
			if (!full && known(point, style)) continue;
			// A point that is also passed without a kill before is as well killed there.
			const ways = through(point).sort(
				(one, other) =>
					Number(one.diesFirstAt !== undefined) - Number(other.diesFirstAt !== undefined) ||
					(loads.get(one) ?? 0) - (loads.get(other) ?? 0)
			);
			for (const scenario of full ? ways : ways.slice(0, 1)) assign(scenario, point);
		}
	}
	return planned.sort((one, other) => (one.scenario.name < other.scenario.name ? -1 : 1));
}

/** Records scenarios and kills each of them where the plan says. */
export async function walk(
	trial: Trial,
	who: string,
	scenarios: readonly Scenario[],
	how: Plan
): Promise<{ passed: Passed; kills: Kill[]; missed: string[] }> {
	const passed: Passed = new Map();
	const recorded = new Map<Scenario, Set<string>>();
	for (const scenario of scenarios) recorded.set(scenario, await record(trial, scenario, passed));
	const planned = plan(recorded, how);
	const counts = Map.groupBy(planned, ({ scenario }) => scenario);
	for (const [scenario, points] of recorded)
		say(who, `${scenario.name} passes ${points.size} points, to be killed at ${counts.get(scenario)?.length ?? 0}`);
	const kills: Kill[] = [];
	const missed: string[] = [];
	for (const [index, { scenario, point }] of planned.entries()) {
		const kill = await killAt(trial, scenario, point, passed);
		if (kill) kills.push(kill);
		else missed.push(`${scenario.name} at ${point}`);
		if ((index + 1) % 20 === 0)
			say(who, `${index + 1} of ${planned.length} kills, last at ${point} in ${scenario.name}`);
	}
	return { passed, kills, missed };
}
