import { codeOf } from "../errors.ts";
import { spanId as newSpanId } from "../ids.ts";
import { metricHead, metricLine } from "../metrics.ts";
import { type Deed, type Place, recordedPlace, type Span, traceparentOf } from "./span.ts";

/** How long spans are gathered before they leave, in milliseconds; how many leave at once, and how many wait at most. */
const GATHER_MS = 500;
const BATCH = 512;
const WAITING = 4_096;
/** How long the process stays for its last spans. */
const STOP_MS = 2_000;

/** A span that has begun. */
export interface OpenSpan {
	/** What those are told who do something for it. */
	readonly traceparent: string;
	/** Ends it, with the code of what it failed with, if it did. */
	end(error?: string): void;
}

/** Takes spans somewhere else. Rejects when they did not get there: they are not sent again. */
export type Outlet = (spans: readonly Span[]) => Promise<unknown>;

/** What a store, and whatever else does something for requests, needs of a tracer. */
export interface Recording {
	/** Does `work`, and where its trace is recorded, makes a span of it. `work` is told what to tell those whom it asks. */
	span<T>(
		deed: Deed,
		traceparent: string | undefined,
		work: (traceparent: string | undefined) => Promise<T>
	): Promise<T>;
}

/** Where nothing is ever recorded. */
export const UNTRACED: Recording = { span: (_deed, traceparent, work) => work(traceparent) };

/** Records the spans of one process and lets them go now and then, in batches. Nobody ever waits for that, or fails by it. */
export class Tracer implements Recording {
	readonly #nodeId: string;
	readonly #outlets: ReadonlyMap<string, Outlet>;
	readonly #dropped = new Map<string, number>();
	readonly #waiting: Span[] = [];
	#timer: NodeJS.Timeout | undefined;
	#flushing: Promise<void> | undefined;

	constructor(nodeId: string, outlets: ReadonlyMap<string, Outlet>) {
		this.#nodeId = nodeId;
		this.#outlets = outlets;
		for (const name of ["buffer", ...outlets.keys()]) this.#dropped.set(name, 0);
	}

	span<T>(
		deed: Deed,
		traceparent: string | undefined,
		work: (traceparent: string | undefined) => Promise<T>
	): Promise<T> {
		const place = recordedPlace(traceparent);
		return place ? this.#within(this.begin(deed, place), work) : work(traceparent);
	}

	/** Begins a span that is ended by hand, and may have begun earlier: at `startedAt` (`performance.now()`). */
	begin(deed: Deed, { traceId, spanId: parentId }: Place, startedAt = performance.now()): OpenSpan {
		const spanId = newSpanId();
		return {
			traceparent: traceparentOf({ traceId, spanId }, true),
			end: error => {
				const ms = performance.now() - startedAt;
				const { kind, name, service, requestId } = deed;
				const at = timeOf(startedAt);
				const span: Span = { traceId, spanId, requestId, kind, name, service, nodeId: this.#nodeId, at, ms };
				if (parentId) span.parentId = parentId;
				if (error) span.error = error.slice(0, 64);
				this.#note(span);
			}
		};
	}

	/** Sends what waits. */
	flush(): Promise<void> {
		clearTimeout(this.#timer);
		this.#timer = undefined;
		return (this.#flushing ??= this.#flush().finally(() => {
			this.#flushing = undefined;
		}));
	}

	/** Sends what waits, as far as that goes in a moment. */
	async stop(): Promise<void> {
		let late: NodeJS.Timeout | undefined;
		const moment = new Promise<void>(resolve => {
			late = setTimeout(resolve, STOP_MS);
		});
		await Promise.race([this.flush(), moment]);
		clearTimeout(late);
	}

	/** How many spans got lost on which way, as Prometheus reads it. */
	text(): string {
		return [
			metricHead("souk_spans_dropped_total", "counter", "Spans that got lost: in a full buffer, or on their way"),
			...[...this.#dropped].map(([at, count]) => metricLine("souk_spans_dropped_total", { at }, count))
		].join("");
	}

	async #within<T>(span: OpenSpan, work: (traceparent: string) => Promise<T>): Promise<T> {
		try {
			const result = await work(span.traceparent);
			span.end();
			return result;
		} catch (error) {
			span.end(codeOf(error) ?? "INTERNAL_ERROR");
			throw error;
		}
	}

	#note(span: Span): void {
		if (this.#waiting.push(span) > WAITING) {
			this.#waiting.shift();
			this.#drop("buffer", 1);
		}
		this.#timer ??= setTimeout(() => void this.flush(), GATHER_MS).unref();
	}

	async #flush(): Promise<void> {
		while (this.#waiting.length > 0) {
			const batch = this.#waiting.splice(0, BATCH);
			await Promise.all(
				[...this.#outlets].map(([name, send]) => send(batch).catch(() => this.#drop(name, batch.length)))
			);
		}
	}

	#drop(at: string, count: number): void {
		this.#dropped.set(at, this.#dropped.get(at)! + count);
	}
}

/** Where `performance.now()` began, as the clock on the wall has it now: that one is put right at times. */
let origin = performance.timeOrigin;

/** Microseconds, as many spans are shorter than a millisecond and must not change places with what they are part of. */
function timeOf(moment: number): string {
	const begun = Date.now() - performance.now();
	if (Math.abs(begun - origin) > 50) origin = begun;
	const micros = Math.round((origin + moment) * 1_000);
	const ms = Math.floor(micros / 1_000);
	return `${new Date(ms).toISOString().slice(0, -1)}${String(micros - ms * 1_000).padStart(3, "0")}Z`;
}
