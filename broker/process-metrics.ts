import type { ServiceBroker } from "moleculer";
import { metricHead, metricLine, metricsText } from "./metrics.ts";
import { runtimeOf, type Probe, type Waiting } from "./runtime.ts";

/** All that a process measures, as Prometheus reads it: what was called, stored and heard, and what waits in its stores. */
export async function processMetrics(broker: ServiceBroker): Promise<string> {
	const { probes, events, tracer } = runtimeOf(broker);
	return metricsText(broker, probes) + events.text() + tracer.text() + (await waitingText(probes));
}

// A store that cannot be asked has no sample: a last value would be a guess.
async function waitingText(probes: readonly Probe[]): Promise<string> {
	const asked = await Promise.allSettled(
		probes.flatMap(({ name, waiting }) => (waiting ? [waiting().then(found => ({ store: name, ...found }))] : []))
	);
	const found = asked.flatMap(answer => (answer.status === "fulfilled" ? [answer.value] : []));
	const gauge = (name: string, help: string, what: keyof Waiting): string =>
		metricHead(name, "gauge", help) + found.map(one => metricLine(name, { store: one.store }, one[what])).join("");
	return (
		gauge("souk_outbox_pending", "Events committed and not yet taken by the bus", "outbox") +
		gauge("souk_dead_letters_open", "Events that wait for a person, and those in line behind them", "letters") +
		gauge("souk_sagas_needing_attention", "Sagas that wait for a person", "sagas") +
		gauge("souk_timers_parked", "Timers that could not be fired", "timers")
	);
}
