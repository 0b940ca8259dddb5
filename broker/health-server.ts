import { createServer, type Server, type ServerResponse } from "node:http";
import type { ServiceBroker } from "moleculer";
import { ConfigurationError } from "./env.ts";
import { readinessOf } from "./health.ts";
import { processMetrics } from "./process-metrics.ts";
import { runtimeOf } from "./runtime.ts";

/** Answers those who watch over a process that serves no HTTP otherwise: /health/live, /health/ready and /metrics. */
export class HealthServer {
	/** What the process is at, until it serves and once it no longer does. */
	phase: "starting" | "serving" | "stopping" = "starting";
	readonly #broker: ServiceBroker;
	readonly #server: Server;

	constructor(broker: ServiceBroker) {
		this.#broker = broker;
		this.#server = createServer({ headersTimeout: 5_000, requestTimeout: 5_000 }, (req, res) => {
			this.#answer(req.url ?? "", res).catch(() => res.destroy());
		});
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
		return (this.#server.address() as { port: number }).port;
	}

	async close(): Promise<void> {
		this.#server.closeAllConnections();
		await new Promise(resolve => this.#server.close(resolve));
	}

	async #answer(path: string, res: ServerResponse): Promise<void> {
		switch (path.split("?", 1)[0]) {
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
			default:
				return json(res, 404, { status: "nothing answers here", paths: ["/health/live", "/health/ready", "/metrics"] });
		}
	}
}

function json(res: ServerResponse, status: number, body: object): void {
	res.writeHead(status, { "Content-Type": "application/json; charset=utf-8", "Cache-Control": "no-store" });
	res.end(JSON.stringify(body));
}
