import { MetricReporters, type MetricRegistry, type ServiceBroker } from "moleculer";
import type { Asked } from "./sql/sql.ts";

/** One combination of labels. A counter, gauge or fact has a value, a histogram the rest. */
interface Sample {
	labels: Record<string, unknown>;
	value?: unknown;
	count?: number;
	sum?: number;
	buckets?: Record<string, number>;
}
interface Metric {
	name: string;
	type: string;
	description?: string;
	snapshot(): Sample[];
}

/**
 * A process's metrics in the text form of Prometheus, for whoever asks. Moleculer's own reporter opens a port of its own,
 * and tells a histogram's sum and count only where every value is kept for a minute.
 */
export class PulledMetrics extends MetricReporters.Prometheus {
	constructor() {
		super({ excludes: ["os.datetime.**"] });
	}

	override init(registry: MetricRegistry): void {
		MetricReporters.Base.prototype.init.call(this, registry);
	}

	override stop(): Promise<void> {
		return Promise.resolve();
	}

	override generatePrometheusResponse(): string {
		const { registry } = this as unknown as { registry: { store: Map<string, Metric> } };
		return [...registry.store.values()].flatMap(metric => this.#linesOf(metric)).join("");
	}

	#linesOf(metric: Metric): string[] {
		const samples = this.matchMetricName(metric.name) ? metric.snapshot() : [];
		if (samples.length === 0) return [];
		const name = metric.name.replace(/[.-]/g, "_");
		const type = metric.type === "info" ? "gauge" : metric.type;
		const head = metricHead(name, type, metric.description ?? metric.name);
		return [head, ...samples.flatMap(sample => sampleLines(name, metric.type, sample))];
	}
}

function sampleLines(
	name: string,
	type: string,
	{ labels, value, count = 0, sum = 0, buckets = {} }: Sample
): string[] {
	if (type === "info") return [metricLine(name, { ...labels, value }, 1)];
	if (type !== "histogram") return [metricLine(name, labels, value)];
	const bounds = Object.entries(buckets).sort(([a], [b]) => Number(a) - Number(b));
	return histogramLines(name, labels, [...bounds, ["+Inf", count]], sum);
}

/** What precedes the samples of a metric. */
export const metricHead = (name: string, type: string, description: string): string =>
	`# HELP ${name} ${description.replace(/\n/g, " ")}\n# TYPE ${name} ${type}\n`;

/** One sample as Prometheus reads it; what is no number is said to be none. */
export const metricLine = (name: string, labels: Record<string, unknown>, value: unknown): string =>
	`${name}${textOf(labels)} ${typeof value === "number" ? value : "NaN"}\n`;

/** A histogram's samples: how many lie below each bound, the last bound without end. */
export const histogramLines = (
	name: string,
	labels: Record<string, unknown>,
	below: readonly (readonly [bound: string, count: number])[],
	sum: number
): string[] => [
	...below.map(([le, count]) => metricLine(`${name}_bucket`, { ...labels, le }, count)),
	metricLine(`${name}_sum`, labels, sum),
	metricLine(`${name}_count`, labels, below.at(-1)?.[1])
];

function textOf(labels: Record<string, unknown>): string {
	const pairs = Object.entries(labels)
		.filter(([, value]) => value !== undefined && value !== null)
		.map(([name, value]) => `${name.replace(/[.-]/g, "_")}="${escaped(String(value))}"`);
	return pairs.length > 0 ? `{${pairs.join(",")}}` : "";
}

const escaped = (value: string): string => value.replace(/[\\"]/g, "\\$&").replace(/\n/g, "\\n");

/** A store, and what was asked of it where that is counted. */
interface Counted {
	readonly name: string;
	readonly asked?: () => Asked | undefined;
}

// Counted where the statements are, and only told here: Moleculer's registry takes longer for one than SQLite does for many.
function storeLines(stores: readonly Counted[]): string[] {
	const counts = stores.flatMap(({ name, asked }) => {
		const found = asked?.();
		return found ? [{ store: name, ...found }] : [];
	});
	if (counts.length === 0) return [];
	return [
		metricHead("souk_store_statements_total", "counter", "SQL statements, BEGIN and COMMIT among them"),
		...counts.map(({ store, statements }) => metricLine("souk_store_statements_total", { store }, statements)),
		metricHead("souk_store_commits_total", "counter", "Transactions committed, each for all units that shared it"),
		...counts.map(({ store, commits }) => metricLine("souk_store_commits_total", { store }, commits))
	];
}

/** All that is measured in a process and of its stores, as text. */
export function metricsText(broker: ServiceBroker, stores: readonly Counted[] = []): string {
	const reporters: unknown[] = broker.metrics.reporter ?? [];
	const pulled = reporters.find(reporter => reporter instanceof PulledMetrics);
	if (!pulled) throw new Error("This broker was given no reporter that can be asked");
	return [...storeLines(stores), pulled.generatePrometheusResponse()].join("");
}
