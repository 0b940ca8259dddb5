import type { Span } from "../../broker/tracing/span.ts";
import type { TraceQuery, TraceSummary } from "./console.contract.ts";

/** How much is kept: the newest traces, and the first spans of each. */
const TRACES = 1_000;
const SPANS = 500;

/** The spans of one trace, as they began. */
export type Trace = readonly Span[];

/** Remembers the traces that were recorded last, in memory: they are for looking at, and nothing depends on them. */
export class Traces {
	readonly #most: { traces: number; spans: number };
	/** By trace, in the order in which the first was heard of each. */
	readonly #spans = new Map<string, Span[]>();

	constructor(most = { traces: TRACES, spans: SPANS }) {
		this.#most = most;
	}

	/** Takes spans in any order. What goes beyond a trace's measure is left out. */
	add(spans: readonly Span[]): void {
		for (const span of spans) {
			const known = this.#spans.get(span.traceId);
			if (!known) this.#begin(span);
			else if (known.length < this.#most.spans) known.push(span);
		}
	}

	/** The newest traces that are asked for. */
	list(query: TraceQuery): TraceSummary[] {
		const found: TraceSummary[] = [];
		for (const spans of this.#newest()) {
			const trace = summaryOf(inOrder(spans));
			if (isAskedFor(trace, query)) found.push(trace);
			if (found.length === query.limit) break;
		}
		return found;
	}

	/** A trace by its own id, or the newest in which something was done for a request. */
	find(id: string): Trace | undefined {
		const found = this.#spans.get(id) ?? this.#newest().find(spans => spans.some(({ requestId }) => requestId === id));
		return found && inOrder(found);
	}

	#begin(span: Span): void {
		this.#spans.set(span.traceId, [span]);
		const [oldest] = this.#spans.keys();
		if (this.#spans.size > this.#most.traces) this.#spans.delete(oldest!);
	}

	#newest(): Span[][] {
		return [...this.#spans.values()].reverse();
	}
}

const isAskedFor = ({ error, ...trace }: TraceSummary, { name, failed, slower }: TraceQuery): boolean =>
	(name === undefined || trace.name.toLowerCase().includes(name.toLowerCase())) &&
	(failed === undefined || failed === (error !== undefined)) &&
	(slower === undefined || trace.ms > slower);

/** As they began; what contains something begins no later and takes longer. */
const inOrder = (spans: readonly Span[]): Trace =>
	spans.toSorted((a, b) => (a.at === b.at ? b.ms - a.ms : a.at < b.at ? -1 : 1));

/** The first span of a trace for which no other that is here was its reason. Some may be on their way still, or lost. */
export function rootOf(trace: Trace): Span {
	const here = new Set(trace.map(({ spanId }) => spanId));
	return trace.find(({ parentId }) => parentId === undefined || !here.has(parentId)) ?? trace[0]!;
}

function summaryOf(trace: Trace): TraceSummary {
	const { traceId, requestId, name, at, ms } = rootOf(trace);
	const error = trace.find(span => span.error !== undefined)?.error;
	return { traceId, requestId, name, at, ms, spans: trace.length, ...(error && { error }) };
}
