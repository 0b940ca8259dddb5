import { MetricReporters, type MetricRegistry, type ServiceBroker } from "moleculer";

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
		const head = [
			`# HELP ${name} ${(metric.description ?? metric.name).replace(/\n/g, " ")}\n`,
			`# TYPE ${name} ${metric.type === "info" ? "gauge" : metric.type}\n`
		];
		return head.concat(samples.flatMap(sample => this.#sampleLines(name, metric.type, sample)));
	}

	#sampleLines(name: string, type: string, { labels, value, count, sum, buckets = {} }: Sample): string[] {
		if (type === "info") return [`${name}${textOf({ ...labels, value })} 1\n`];
		if (type !== "histogram") return [`${name}${textOf(labels)} ${numberOf(value)}\n`];
		return [
			...Object.entries(buckets)
				.sort(([a], [b]) => Number(a) - Number(b))
				.map(([le, below]) => `${name}_bucket${textOf({ ...labels, le })} ${below}\n`),
			`${name}_bucket${textOf({ ...labels, le: "+Inf" })} ${count}\n`,
			`${name}_sum${textOf(labels)} ${sum}\n`,
			`${name}_count${textOf(labels)} ${count}\n`
		];
	}
}

const numberOf = (value: unknown): string => (typeof value === "number" ? String(value) : "NaN");

function textOf(labels: Record<string, unknown>): string {
	const pairs = Object.entries(labels)
		.filter(([, value]) => value !== undefined && value !== null)
		.map(([name, value]) => `${name.replace(/[.-]/g, "_")}="${escaped(String(value))}"`);
	return pairs.length > 0 ? `{${pairs.join(",")}}` : "";
}

const escaped = (value: string): string => value.replace(/[\\"]/g, "\\$&").replace(/\n/g, "\\n");

/** All that is measured in a process, as text. */
export function metricsText(broker: ServiceBroker): string {
	const reporters: unknown[] = broker.metrics.reporter ?? [];
	const pulled = reporters.find(reporter => reporter instanceof PulledMetrics);
	if (!pulled) throw new Error("This broker was given no reporter that can be asked");
	return pulled.generatePrometheusResponse();
}
