import type { Figure, Measured } from "./compare.ts";
import type { BenchOptions } from "./options.ts";

const rounded = (value: number, digits: number): number => Number(value.toFixed(digits));

/** How fast something is beside the same in one process, where that was measured, too. */
function timesA(systems: readonly Measured[], { system, what, clients, perSecond }: Figure): number | undefined {
	const one = systems.find(({ layout }) => layout === "A");
	const same = one?.figures.find(figure => figure.what === what && figure.clients === clients);
	return same && system !== "A" ? perSecond / same.perSecond : undefined;
}

/** The figures of several layouts, for programs. */
export function asJson(systems: readonly Measured[], { seconds }: BenchOptions): string {
	const withRatios = systems.map(measured => ({
		...measured,
		figures: measured.figures.map(figure => ({ ...figure, timesA: timesA(systems, figure) }))
	}));
	return `${JSON.stringify({ seconds, systems: withRatios }, null, "\t")}\n`;
}

/** Prints the figures of several layouts, for people. */
export function printComparison(systems: readonly Measured[]): void {
	const compared = systems.some(({ layout }) => layout === "A") && systems.length > 1;
	process.stdout.write("\n");
	console.table(
		systems
			.flatMap(({ figures }) => figures)
			.map(figure => ({
				layout: figure.system,
				what: figure.what,
				clients: figure.clients,
				"per second": Math.round(figure.perSecond),
				"p50 ms": figure.p50,
				"p99 ms": figure.p99,
				...(compared ? { "× A": rounded(timesA(systems, figure) ?? 1, 2) } : {}),
				"NATS in": rounded(figure.cost.natsIn, 1),
				"NATS out": rounded(figure.cost.natsOut, 1),
				SQL: rounded(figure.cost.statements, 1),
				commits: rounded(figure.cost.commits, 1),
				"CPU ms": rounded(figure.cost.cpuMs, 2),
				"servers' CPU ms": rounded(figure.cost.serversCpuMs, 2),
				errors: figure.errors
			}))
	);
	process.stdout.write(
		"NATS messages, SQL statements, commits and CPU time are for each order or read, what runs idle taken off.\n"
	);
	for (const { system, processes, scale, idle } of systems)
		process.stdout.write(
			`${system}: ${processes} process${processes > 1 ? "es" : ""}${scale ? ` (${scale})` : ""}; idle, a second: ` +
				`${rounded(idle.natsIn, 1)} NATS messages in and ${rounded(idle.natsOut, 1)} out, ` +
				`${rounded(idle.statements, 1)} SQL statements, ${rounded(idle.cpuMs, 1)} + ${rounded(idle.serversCpuMs, 1)} ms of CPU\n`
		);
}
