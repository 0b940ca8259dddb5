import { createProxyServer, type ProxyServer } from "httpxy";
import { runtimeOf } from "../../broker/runtime.ts";
import { LegacyUnavailable } from "./api.errors.ts";
import { clientAddress } from "./client-address.ts";
import type { Exchange } from "./exchange.ts";
import type { ApiService } from "./gateway.ts";

/** How long it may keep silent, in milliseconds. */
const PATIENCE = 30_000;
const FORWARDED = ["x-forwarded-for", "x-forwarded-host", "x-forwarded-port", "x-forwarded-proto"];

/**
 * The application that Souk replaces bit by bit: it answers at every address where Souk has no route. A route that is added
 * takes its address over (the strangler fig: martinfowler.com/bliki/StranglerFigApplication.html).
 */
export class LegacyApplication {
	readonly #proxy: ProxyServer;

	constructor(url: string) {
		this.#proxy = createProxyServer({ target: url, xfwd: true, changeOrigin: true, proxyTimeout: PATIENCE });
	}

	/** Hands a request on as it came, under the limits of its address, and its answer back. Throws LegacyUnavailable, TooManyRequests, Overloaded. */
	async answer({ admission, broker, limits, logger }: ApiService, exchange: Exchange): Promise<void> {
		const { req, res, requestId, traceparent } = exchange;
		const pass = admission.enter(req.method !== "GET" && req.method !== "HEAD");
		try {
			const { TRUSTED_PROXIES } = runtimeOf(broker).env;
			// Whom it knows is its own business: here only the address is known.
			const caller = clientAddress(req, TRUSTED_PROXIES);
			// What a client wrote into these itself is believed no more there than here.
			if (TRUSTED_PROXIES === 0) for (const name of FORWARDED) delete req.headers[name];
			await limits.spend(`address ${caller}`, false, (name, value) => res.setHeader(name, value));
			res.setHeader("X-Request-Id", requestId);
			Object.assign(req.headers, { "x-request-id": requestId, traceparent });
			await this.#proxy.web(req, res);
		} catch (error) {
			if (!isOfTheWire(error)) throw error;
			logger.warn(`The legacy application did not answer ${req.method} ${exchange.path}`, error);
			// Half an answer must not pass for a whole one.
			if (res.headersSent) res.destroy();
			else throw new LegacyUnavailable();
		} finally {
			pass.leave();
		}
	}
}

/** Whether it came from the connection; what refuses a request before has a status of its own. */
const isOfTheWire = (error: unknown): boolean => typeof (error as { code?: unknown }).code !== "number";
