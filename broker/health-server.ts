import { createServer, type Server, type ServerResponse } from "node:http";
import type { ServiceBroker } from "moleculer";
import { ConfigurationError } from "./env.ts";
import { readinessOf } from "./health.ts";
import { processMetrics } from "./process-metrics.ts";
import { runtimeOf } from "./runtime.ts";

const PATHS = ["/health/live", "/health/ready", "/metrics", "/docs", "/openapi.json"];

/** What a process has to read. */
export interface Document {
	type: string;
	body: string | Buffer;
	/** What it may load (Content-Security-Policy). */
	policy?: string;
}

/** Answers those who watch over a process that serves no HTTP otherwise: /health/live, /health/ready, /metrics and documents. */
export class HealthServer {
	/** What the process is at, until it serves and once it no longer does. */
	phase: "starting" | "serving" | "stopping" = "starting";
	readonly #broker: ServiceBroker;
	readonly #documentAt: (path: string) => Promise<Document | undefined>;
	readonly #server: Server;

	/** `documentAt` has what there is to read besides. */
	constructor(broker: ServiceBroker, documentAt: (path: string) => Promise<Document | undefined>) {
		this.#broker = broker;
		this.#documentAt = documentAt;
		this.#server = createServer({ headersTimeout: 5_000, requestTimeout: 5_000 }, (req, res) => {
			this.#answer(req.url ?? "", res).catch(() => res.destroy());
		});
	}

	/** Where it listens. */
	get port(): number {
		return (this.#server.address() as { port: number }).port;
	}

	/** Listens, and resolves to the port. Throws ConfigurationError when it is taken. */
	async listen(port: number, host: string): Promise<number> {
		await new Promise<void>((resolve, reject) => {
			this.#server.once("listening", resolve).once("error", (error: NodeJS.ErrnoException) => {
				const taken = error.code === "EADDRINUSE";
				reject(
					taken
						? new ConfigurationError(`Port ${port} is already in use: stop what listens there, or set HEALTH_PORT`)
						: error
				);
			});
			this.#server.listen(port, host);
		});
		return this.port;
	}

	async close(): Promise<void> {
		this.#server.closeAllConnections();
		await new Promise(resolve => this.#server.close(resolve));
	}

	async #answer(address: string, res: ServerResponse): Promise<void> {
		const path = address.split("?", 1)[0]!;
		switch (path) {
			case "/health/live":
				return json(res, 200, { status: "alive" });
			case "/health/ready": {
				const { phase } = this;
				const body = await readinessOf(phase === "serving" ? undefined : phase, runtimeOf(this.#broker));
				return json(res, body.status === "ready" ? 200 : 503, body);
			}
			case "/metrics": {
				const text = await processMetrics(this.#broker);
				res.writeHead(200, { "Content-Type": "text/plain; version=0.0.4; charset=utf-8" });
				return void res.end(text);
			}
			default: {
				const document = await this.#documentAt(path);
				if (!document) return json(res, 404, { status: "nothing answers here", paths: PATHS });
				const { type, body, policy } = document;
				res.writeHead(200, { "Content-Type": type, ...(policy && { "Content-Security-Policy": policy }) });
				return void res.end(body);
			}
		}
	}
}

function json(res: ServerResponse, status: number, body: object): void {
	res.writeHead(status, { "Content-Type": "application/json; charset=utf-8", "Cache-Control": "no-store" });
	res.end(JSON.stringify(body));
}
