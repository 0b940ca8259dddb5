import { randomBytes } from "node:crypto";
import { hostname } from "node:os";
import type { BrokerOptions } from "moleculer";
import { SoukContext } from "./broker/context.ts";
import type { Env } from "./broker/env.ts";
import { codeOf, SoukErrors } from "./broker/errors.ts";
import { NatsTransporter } from "./broker/nats-transporter.ts";
import { PulledMetrics } from "./broker/metrics.ts";
import { contractMiddleware } from "./broker/middlewares/contract.middleware.ts";
import { lifecycleMiddleware } from "./broker/middlewares/lifecycle.middleware.ts";
import { tracingMiddleware } from "./broker/middlewares/tracing.middleware.ts";
import { protectionMiddleware } from "./broker/middlewares/protection.middleware.ts";
import { trustMiddleware } from "./broker/middlewares/trust.middleware.ts";
import { unitGuardMiddleware } from "./broker/middlewares/unit-guard.middleware.ts";

/** Where each service's process answers /health and /metrics; the gateway's is the port of the API. */
export const PORTS: Readonly<Record<string, number>> = {
	api: 8000,
	users: 8001,
	tasks: 8002,
	notifications: 8003,
	products: 8005,
	inventory: 8006,
	orders: 8007,
	payments: 8008,
	shipping: 8009,
	audit: 8010,
	console: 8011
};

/** The broker of one process: everything every service has whether it asks or not. */
export const brokerOptions = (
	env: Env,
	wire = env.TRANSPORTER ? natsAt(env.TRANSPORTER) : undefined
): BrokerOptions => ({
	nodeID: nodeIdOf(env),
	ContextFactory: SoukContext as never,
	errorRegenerator: new SoukErrors(),
	...(wire && { transporter: wire, heartbeatInterval: 3, heartbeatTimeout: 10 }),
	logger: { type: "Pino", options: { level: env.LOG_LEVEL } },
	// The start script stops the broker on signals; Moleculer would stop it a second time at the same moment.
	skipProcessEventRegistration: true,
	requestTimeout: 5_000,
	maxCallLevel: 20,
	// Lets handlers under way finish before the process stops.
	tracking: { enabled: true, shutdownTimeout: 15_000 },
	// Of what clients reach: opens after five failures in a minute, when they were at least half of the calls.
	circuitBreaker: {
		enabled: true,
		threshold: 0.5,
		minRequestCount: 5,
		windowTime: 60,
		halfOpenTime: 60_000,
		check: error => isOwnFailure(error) && !wire?.unsteady
	},
	// Parameters are checked by the contract's own schemas.
	validator: false,
	internalServices: false,
	metrics: {
		enabled: true,
		reporter: new PulledMetrics() as never,
		collectProcessMetrics: env.NODE_ENV !== "test",
		collectInterval: 15,
		// Quantiles keep every value for a minute, and sort them all when asked.
		defaultQuantiles: null as never
	},
	errorHandler: null,
	// The last wraps the others: who calls is known before a contract is looked at, and before a span is made.
	middlewares: [
		lifecycleMiddleware,
		protectionMiddleware,
		unitGuardMiddleware,
		contractMiddleware,
		tracingMiddleware,
		trustMiddleware(broker => broker.call("users.jwks"))
	]
});

/**
 * Whether a call failed for a reason of the process that was called: it did not answer, or its store does not. What it was
 * told itself by another, who was away, would close it for a minute although that one is back sooner; and one that is
 * gone is asked no more anyway.
 */
function isOwnFailure(error: Error & { nodeID?: string }): boolean {
	const code = codeOf(error);
	return code === "STORE_UNAVAILABLE" || (code === "REQUEST_TIMEOUT" && !error.nodeID);
}

/** Names the process, for as long as it lives: two processes of the same services are two nodes. */
function nodeIdOf({ TRANSPORTER, NODE_ID, SERVICES = "souk" }: Env): string {
	if (NODE_ID) return NODE_ID;
	if (!TRANSPORTER) return `souk-${process.pid}`;
	const unique = `${hostname().slice(0, 30)}-${process.pid}-${randomBytes(3).toString("hex")}`;
	// A dot between them: who may listen for calls to the service is told by what stands before it.
	return [SERVICES.slice(0, 60), unique].map(part => part.replace(/[^A-Za-z0-9_-]+/g, "-")).join(".");
}

/** The connection that calls go over. It looks for a lost server for ever, and soon. */
const natsAt = (url: string): NatsTransporter =>
	new NatsTransporter({
		url,
		reconnectTimeWait: 250,
		reconnectJitter: 250,
		pingInterval: 5_000,
		ignoreAuthErrorAbort: true
	});
