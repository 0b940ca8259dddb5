import type { BrokerOptions } from "moleculer";
import { SoukContext } from "./broker/context.ts";
import type { Env } from "./broker/env.ts";
import { isTransient } from "./broker/errors.ts";
import { PulledMetrics } from "./broker/metrics.ts";
import { contractMiddleware } from "./broker/middlewares/contract.middleware.ts";
import { lifecycleMiddleware } from "./broker/middlewares/lifecycle.middleware.ts";
import { protectionMiddleware } from "./broker/middlewares/protection.middleware.ts";
import { unitGuardMiddleware } from "./broker/middlewares/unit-guard.middleware.ts";

/** The broker of one process: everything every service has whether it asks or not. */
export const brokerOptions = (env: Env): BrokerOptions => ({
	nodeID: `souk-${process.pid}`,
	ContextFactory: SoukContext as never,
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
		check: isTransient
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
	middlewares: [lifecycleMiddleware, protectionMiddleware, unitGuardMiddleware, contractMiddleware]
});
