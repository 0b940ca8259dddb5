import { healthOf, readinessOf } from "../../broker/health.ts";
import { processMetrics } from "../../broker/process-metrics.ts";
import { runtimeOf } from "../../broker/runtime.ts";
import { RouteNotFound } from "./api.errors.ts";
import { CONSOLE_POLICY, consoleFiles } from "./console.ts";
import { DOCS_POLICY, docFiles } from "./docs.ts";
import type { ApiService, Page } from "./gateway.ts";
import type { PageFile } from "./page-file.ts";
import { openApi } from "./openapi.ts";
import { problemsOf } from "./problem-list.ts";
import { problemType } from "./problem.ts";
import { connections } from "./server.ts";
import { CURRENT, VERSIONS, type Version } from "./versions.ts";

const JSON_TYPE = "application/json";
const METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8";

const health: Page[] = [
	{
		path: "/health",
		summary: "Which services are up; 503 when one is not",
		type: JSON_TYPE,
		async answer({ broker, directory, name, phase }, exchange) {
			const { [name]: _itself, ...others } = directory.instances();
			const body = await healthOf(others, runtimeOf(broker).probes, phase === "serving");
			exchange.send(body.status === "healthy" ? 200 : 503, JSON.stringify(body));
		}
	},
	{
		path: "/health/live",
		summary: "Whether the process is alive",
		type: JSON_TYPE,
		answer: (_gateway, exchange) => exchange.send(200, JSON.stringify({ status: "alive" }))
	},
	{
		path: "/health/ready",
		summary: "Whether the process can serve; 503 while it starts or stops, or when a store does not answer",
		type: JSON_TYPE,
		async answer({ broker, phase }, exchange) {
			const body = await readinessOf(phase === "serving" ? undefined : phase, runtimeOf(broker));
			exchange.send(body.status === "ready" ? 200 : 503, JSON.stringify(body));
		}
	},
	{
		path: "/metrics",
		summary: "What is measured, as Prometheus reads it",
		type: "text/plain",
		async answer({ broker, server, meter }, exchange) {
			const { probes } = runtimeOf(broker);
			const database = probes.reduce((sum, probe) => sum + probe.connections, 0);
			const open = { http: await connections(server), database };
			exchange.send(200, meter.text(open) + (await processMetrics(broker)), METRICS_TYPE);
		}
	}
];

const documentAt = (path: string, version: Version): Page => ({
	path,
	summary: `The API, ${version}, as OpenAPI 3.1`,
	type: JSON_TYPE,
	answer: ({ endpoints }, exchange) => exchange.send(200, JSON.stringify(openApi(version, endpoints, shownPages)))
});

const documents: Page[] = [
	documentAt("/openapi.json", CURRENT),
	...VERSIONS.map(version => documentAt(`/api/${version}/openapi.json`, version))
];

const problems: Page[] = [
	{
		path: "/problems",
		summary: "Every code that a refusal of this API may carry",
		type: JSON_TYPE,
		answer: ({ endpoints }, exchange) => exchange.send(200, JSON.stringify({ items: problemsOf(endpoints) }))
	},
	{
		path: "/problems/:name",
		summary: "What one code means",
		type: JSON_TYPE,
		answer({ endpoints }: ApiService, exchange, { name }) {
			const problem = problemsOf(endpoints).find(({ code }) => problemType(code) === `/problems/${name}`);
			if (!problem) throw new RouteNotFound();
			exchange.send(200, JSON.stringify(problem));
		}
	}
];

/** `cache` says for how long a browser need not ask again. */
const shown = (files: ReadonlyMap<string, PageFile>, summary: string, policy: string, cache: string): Page[] =>
	[...files].map(([path, { type, body }]) => ({
		path,
		summary,
		type: type.split(";")[0]!,
		async answer(_gateway, exchange) {
			exchange.set("Cache-Control", cache);
			exchange.send(200, await body(), type, policy);
		}
	}));

const docs = shown(docFiles(), "The API, to read and to try", DOCS_POLICY, "public, max-age=3600");
// Its parts fit each other only when they are of one version.
const operators = shown(consoleFiles(), "What happens, for those who look after it", CONSOLE_POLICY, "no-cache");

/** Every address that the gateway answers by itself. */
export const pages: readonly Page[] = [...health, ...documents, ...problems, ...docs, ...operators];

const shownPages = pages.filter(({ path }) => !/^\/(docs|console)\/|:/.test(path));
