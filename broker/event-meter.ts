import type { SoukEvent } from "./event.ts";
import { Histogram } from "./histogram.ts";
import { metricHead, metricLine } from "./metrics.ts";

/** Upper bounds in seconds: from one process to a neighbour that was away. */
const BOUNDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 30, 300, 3_600];

/** How a delivery ended: done, or done before; given up as a dead letter; put in line behind one. */
export type Outcome = "handled" | "parked" | "waiting";

interface Series {
	readonly labels: { readonly consumer: string; readonly type: string };
	readonly byOutcome: Map<Outcome, number>;
	readonly age: Histogram;
}

/** Counts what becomes of events in this process, and how old they are when they have been dealt with. */
export class EventMeter {
	readonly #series = new Map<string, Series>();

	measure(consumer: string, { type, time }: Pick<SoukEvent, "type" | "time">, outcome: Outcome): void {
		const key = `${consumer} ${type}`;
		let series = this.#series.get(key);
		if (!series)
			this.#series.set(
				key,
				(series = { labels: { consumer, type }, byOutcome: new Map(), age: new Histogram(BOUNDS) })
			);
		series.byOutcome.set(outcome, (series.byOutcome.get(outcome) ?? 0) + 1);
		// The clocks of two machines may differ.
		series.age.observe(Math.max(0, (Date.now() - Date.parse(time)) / 1_000));
	}

	/** All that was measured, as Prometheus reads it. */
	text(): string {
		const series = [...this.#series.values()];
		return [
			metricHead("souk_events_total", "counter", "Events that were dealt with, by consumer, type and outcome"),
			...series.flatMap(({ labels, byOutcome }) =>
				[...byOutcome].map(([outcome, count]) => metricLine("souk_events_total", { ...labels, outcome }, count))
			),
			metricHead("souk_event_age_seconds", "histogram", "Seconds from an event's change to when it was dealt with"),
			...series.flatMap(({ labels, age }) => age.lines("souk_event_age_seconds", labels))
		].join("");
	}
}
