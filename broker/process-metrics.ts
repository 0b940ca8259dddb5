import type { ServiceBroker } from "moleculer";
import { metricHead, metricLine, metricsText } from "./metrics.ts";
import { runtimeOf, type Probe } from "./runtime.ts";

/** All that a process measures, as Prometheus reads it: what was called, stored and heard, and what waits in its stores. */
export async function processMetrics(broker: ServiceBroker): Promise<string> {
	const { probes, events } = runtimeOf(broker);
	return metricsText(broker, probes) + events.text() + (await waitingText(probes));
}

// A store that cannot be asked has no sample: a last value would be a guess.
async function waitingText(probes: readonly Probe[]): Promise<string> {
	const asked = await Promise.allSettled(
		probes.flatMap(({ name, waiting }) => (waiting ? [waiting().then(found => ({ store: name, ...found }))] : []))
	);
	const found = asked.flatMap(answer => (answer.status === "fulfilled" ? [answer.value] : []));
	return [
		metricHead("souk_outbox_pending", "gauge", "Events committed and not yet taken by the bus"),
		...found.map(({ store, outbox }) => metricLine("souk_outbox_pending", { store }, outbox)),
		metricHead("souk_dead_letters_open", "gauge", "Events that wait for a person, and those in line behind them"),
		...found.map(({ store, letters }) => metricLine("souk_dead_letters_open", { store }, letters))
	].join("");
}
