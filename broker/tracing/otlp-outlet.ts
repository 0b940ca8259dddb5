import type { Logger } from "../service.ts";
import type { Span } from "./span.ts";
import type { Outlet } from "./tracer.ts";

const PATIENCE_MS = 2_000;
/** How often a failure is worth a line in the log. */
const SAY_AGAIN_MS = 60_000;

/** What OpenTelemetry calls them: 1 internal, 2 server, 3 client, 5 consumer. */
const KINDS: Readonly<Record<Span["kind"], number>> = { http: 2, call: 2, unit: 3, event: 5, step: 3 };

/** To whatever takes OpenTelemetry traces over HTTP, as JSON (opentelemetry.io/docs/specs/otlp/#otlphttp). */
export function toOtlp(url: string, logger: Logger): Outlet {
	const address = `${url.replace(/\/$/, "")}/v1/traces`;
	let silentUntil = 0;
	return async spans => {
		try {
			const answer = await fetch(address, {
				method: "POST",
				headers: { "content-type": "application/json" },
				body: JSON.stringify(otlpOf(spans)),
				signal: AbortSignal.timeout(PATIENCE_MS)
			});
			await answer.arrayBuffer();
			if (!answer.ok) throw new Error(`It answers ${answer.status}`);
		} catch (error) {
			if (Date.now() >= silentUntil) {
				silentUntil = Date.now() + SAY_AGAIN_MS;
				logger.warn(`${address} takes no spans`, error);
			}
			throw error;
		}
	};
}

/** An ExportTraceServiceRequest: the spans of each service and process together. */
function otlpOf(spans: readonly Span[]): object {
	const resources = Map.groupBy(spans, ({ service, nodeId }) => `${service} ${nodeId}`);
	return {
		resourceSpans: [...resources.values()].map(of => ({
			resource: { attributes: attributes({ "service.name": of[0]!.service, "service.instance.id": of[0]!.nodeId }) },
			scopeSpans: [{ scope: { name: "souk" }, spans: of.map(otlpSpan) }]
		}))
	};
}

function otlpSpan({ traceId, spanId, parentId, requestId, kind, name, at, ms, error }: Span): object {
	const start = BigInt(Date.parse(at)) * 1_000_000n + BigInt(at.slice(-4, -1)) * 1_000n;
	return {
		traceId,
		spanId,
		...(parentId && { parentSpanId: parentId }),
		name,
		kind: KINDS[kind],
		startTimeUnixNano: String(start),
		endTimeUnixNano: String(start + BigInt(Math.round(ms * 1e6))),
		attributes: attributes({ "souk.kind": kind, "souk.request_id": requestId, ...(error && { "error.type": error }) }),
		// 0: nothing was said of it, 2: it failed.
		status: { code: error ? 2 : 0 }
	};
}

const attributes = (of: Record<string, string>): object[] =>
	Object.entries(of).map(([key, stringValue]) => ({ key, value: { stringValue } }));
