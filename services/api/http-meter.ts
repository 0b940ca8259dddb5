import { Histogram } from "../../broker/histogram.ts";
import { metricHead, metricLine } from "../../broker/metrics.ts";
import type { Exchange } from "./exchange.ts";

/** Upper bounds in seconds. */
const BOUNDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** What was answered at one address to one method. */
interface Series {
	readonly labels: { readonly method: string; readonly endpoint: string };
	readonly byStatus: Map<number, number>;
	readonly time: Histogram;
}

/**
 * Counts and times what is answered, under the names that dashboards know. Not in Moleculer's registry: every request
 * passes here, and that spends on the labels of one observation what the whole of this takes for ten.
 */
export class HttpMeter {
	readonly #series = new Map<string, Series>();

	/** Counts an answer when it is out, or when its client is gone. */
	measure({ req, res, label: endpoint, startedAt }: Exchange): void {
		const series = this.#at(req.method ?? "", endpoint);
		series.byStatus.set(res.statusCode, (series.byStatus.get(res.statusCode) ?? 0) + 1);
		series.time.observe((performance.now() - startedAt) / 1000);
	}

	/** All that was measured, as Prometheus reads it, with the connections that are open now. */
	text(connections: Readonly<Record<string, number>>): string {
		const series = [...this.#series.values()];
		return [
			metricHead("http_requests_total", "counter", "Requests answered"),
			...series.flatMap(({ labels, byStatus }) =>
				[...byStatus].map(([status, count]) => metricLine("http_requests_total", { ...labels, status }, count))
			),
			metricHead("http_response_time_seconds", "histogram", "Seconds from a request's head to the end of its answer"),
			...series.flatMap(({ labels, time }) => time.lines("http_response_time_seconds", labels)),
			metricHead("active_connections", "gauge", "Connections open: of clients, and to databases"),
			...Object.entries(connections).map(([kind, count]) => metricLine("active_connections", { kind }, count))
		].join("");
	}

	#at(method: string, endpoint: string): Series {
		const key = `${method} ${endpoint}`;
		let series = this.#series.get(key);
		if (!series) {
			series = { labels: { method, endpoint }, byStatus: new Map(), time: new Histogram(BOUNDS) };
			this.#series.set(key, series);
		}
		return series;
	}
}
