import type { ServiceBroker } from "moleculer";
import { metricsText } from "../../broker/metrics.ts";
import { runtimeOf } from "../../broker/runtime.ts";
import type { Exchange } from "./exchange.ts";

const REQUESTS = "http_requests_total";
const TIMES = "http_response_time_seconds";
const CONNECTIONS = "active_connections";

/** Makes room for what is measured of HTTP, under the names that dashboards know. */
export function registerHttpMetrics({ metrics }: ServiceBroker): void {
	metrics.register({
		name: REQUESTS,
		type: "counter",
		labelNames: ["method", "endpoint", "status"],
		description: "Requests answered"
	});
	metrics.register({
		name: TIMES,
		type: "histogram",
		labelNames: ["method", "endpoint"],
		buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
		description: "Seconds from a request's head to the end of its answer"
	});
	metrics.register({
		name: CONNECTIONS,
		type: "gauge",
		labelNames: ["kind"],
		description: "Connections open: of clients, and to databases"
	});
}

/** Counts an answer when it is out, or when its client is gone. */
export function measure({ metrics }: ServiceBroker, exchange: Exchange): void {
	const { req, res, label: endpoint, startedAt } = exchange;
	const method = req.method ?? "";
	metrics.increment(REQUESTS, { method, endpoint, status: String(res.statusCode) });
	metrics.observe(TIMES, (performance.now() - startedAt) / 1000, { method, endpoint });
}

/** All metrics of the process as text, connections counted now. */
export function scrape(broker: ServiceBroker, clients: number): string {
	const { probes } = runtimeOf(broker);
	broker.metrics.set(CONNECTIONS, clients, { kind: "http" });
	broker.metrics.set(
		CONNECTIONS,
		probes.reduce((sum, { connections }) => sum + connections, 0),
		{ kind: "database" }
	);
	return metricsText(broker);
}
