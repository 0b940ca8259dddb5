import { ServiceBroker } from "moleculer";
import { metricsText, PulledMetrics } from "../../../broker/metrics.ts";
import type { Exchange } from "../../../services/api/exchange.ts";
import { HttpMeter } from "../../../services/api/http-meter.ts";

const brokers: ServiceBroker[] = [];
function measured(): ServiceBroker {
	const broker = new ServiceBroker({
		logger: false,
		metrics: { enabled: true, collectProcessMetrics: false, reporter: new PulledMetrics() as never }
	});
	brokers.push(broker);
	return broker;
}
afterEach(() => Promise.all(brokers.splice(0).map(broker => broker.stop())));

const linesOf = (broker: ServiceBroker, name: string): string[] =>
	metricsText(broker)
		.split("\n")
		.filter(line => line.replace("# HELP ", "").replace("# TYPE ", "").startsWith(name));

describe("the metrics of a process", () => {
	it("are counters and gauges with their labels", () => {
		const broker = measured();
		broker.metrics.register({
			name: "spec.seen-total",
			type: "counter",
			labelNames: ["kind"],
			description: "Seen\nso far"
		});
		broker.metrics.increment("spec.seen-total", { kind: 'a "quoted" \\ one' }, 2);
		broker.metrics.register({ name: "spec_level", type: "gauge" });
		broker.metrics.set("spec_level", 1.5);
		expect(linesOf(broker, "spec_seen")).toEqual([
			"# HELP spec_seen_total Seen so far",
			"# TYPE spec_seen_total counter",
			'spec_seen_total{kind="a \\"quoted\\" \\\\ one"} 2'
		]);
		expect(linesOf(broker, "spec_level")).toEqual([
			"# HELP spec_level spec_level",
			"# TYPE spec_level gauge",
			"spec_level 1.5"
		]);
	});

	it("are histograms with buckets in order, sum and count", () => {
		const broker = measured();
		broker.metrics.register({ name: "spec_seconds", type: "histogram", labelNames: ["route"], buckets: [0.5, 1, 10] });
		for (const seconds of [0.25, 0.75, 20]) broker.metrics.observe("spec_seconds", seconds, { route: "/a" });
		expect(linesOf(broker, "spec_seconds").slice(1)).toEqual([
			"# TYPE spec_seconds histogram",
			'spec_seconds_bucket{route="/a",le="0.5"} 1',
			'spec_seconds_bucket{route="/a",le="1"} 2',
			'spec_seconds_bucket{route="/a",le="10"} 2',
			'spec_seconds_bucket{route="/a",le="+Inf"} 3',
			'spec_seconds_sum{route="/a"} 21',
			'spec_seconds_count{route="/a"} 3'
		]);
	});

	it("are facts as gauges of 1, and no number where there is none", () => {
		const broker = measured();
		broker.metrics.register({ name: "spec_version", type: "info" });
		broker.metrics.set("spec_version", "1.2");
		broker.metrics.register({ name: "spec_empty", type: "gauge" });
		broker.metrics.set("spec_empty", null);
		expect(linesOf(broker, "spec_version").slice(1)).toEqual([
			"# TYPE spec_version gauge",
			'spec_version{value="1.2"} 1'
		]);
		expect(linesOf(broker, "spec_empty").at(-1)).toBe("spec_empty NaN");
	});

	it("are what was asked of each store that counts it", () => {
		const broker = measured();
		const asked = () => ({ statements: 7, commits: 2 });
		const text = metricsText(broker, [
			{ name: "orders", asked },
			{ name: "bus" },
			{ name: "far", asked: () => undefined }
		]);
		expect(text.split("\n").filter(line => line.startsWith("souk_store"))).toEqual([
			'souk_store_statements_total{store="orders"} 7',
			'souk_store_commits_total{store="orders"} 2'
		]);
		expect(metricsText(broker, [{ name: "bus" }])).not.toContain("souk_store");
	});

	it("cannot be asked of a broker that has none to ask", () => {
		const broker = new ServiceBroker({ logger: false });
		brokers.push(broker);
		expect(() => metricsText(broker)).toThrow("no reporter");
	});
});

describe("what is measured of HTTP", () => {
	const answered = (method: string, label: string, statusCode: number, secondsAgo: number): Exchange =>
		({ req: { method }, res: { statusCode }, label, startedAt: performance.now() - secondsAgo * 1000 }) as never;

	it("is how often each address answered what, and how long that took", () => {
		const meter = new HttpMeter();
		for (const seconds of [0.03, 0.3, 60]) meter.measure(answered("GET", "/a/:id", 200, seconds));
		meter.measure(answered("GET", "/a/:id", 404, 0.3));
		meter.measure(answered("POST", "/a", 201, 0.3));
		const lines = meter.text({ http: 3, database: 0 }).split("\n");
		expect(lines.filter(line => line.startsWith("http_requests_total"))).toEqual([
			'http_requests_total{method="GET",endpoint="/a/:id",status="200"} 3',
			'http_requests_total{method="GET",endpoint="/a/:id",status="404"} 1',
			'http_requests_total{method="POST",endpoint="/a",status="201"} 1'
		]);
		const below = (le: string) => `http_response_time_seconds_bucket{method="GET",endpoint="/a/:id",le="${le}"}`;
		for (const line of [
			`${below("0.025")} 0`,
			`${below("0.05")} 1`,
			`${below("0.5")} 3`,
			`${below("10")} 3`,
			`${below("+Inf")} 4`
		])
			expect(lines).toContain(line);
		expect(lines).toContain('http_response_time_seconds_count{method="GET",endpoint="/a/:id"} 4');
		expect(lines.filter(line => line.startsWith("active_connections"))).toEqual([
			'active_connections{kind="http"} 3',
			'active_connections{kind="database"} 0'
		]);
	});
});
