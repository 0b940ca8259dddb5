import type { IncomingMessage, ServerResponse } from "node:http";
import { runtimeOf } from "../../broker/runtime.ts";
import { MethodNotAllowed, NotReady, RouteNotFound } from "./api.errors.ts";
import { dispatch } from "./dispatch.ts";
import { Exchange } from "./exchange.ts";
import type { ApiService } from "./gateway.ts";
import { sendProblem } from "./problem.ts";

type Ending = ServerResponse & { maxRequestsOnConnectionReached?: boolean };

/** Takes a request from the server and sees to it that it is answered, once, and counted. */
export async function receive(gateway: ApiService, req: IncomingMessage, res: ServerResponse): Promise<void> {
	const exchange = new Exchange(req, res);
	// Node tells a client that the connection's last request came, but leaves the closing to it.
	if (gateway.phase === "stopping" || (res as Ending).maxRequestsOnConnectionReached) res.shouldKeepAlive = false;
	res.once("close", () => {
		gateway.meter.measure(exchange);
		gateway.logger.info(lineOf(exchange), "answered");
	});
	gateway.cors.allow(exchange);
	try {
		await answer(gateway, exchange);
	} catch (error) {
		refuse(gateway, exchange, error);
	}
}

/** What the log says of a request; its query stays out, which may name people. */
const lineOf = ({ requestId, req: { method }, path, res: { statusCode: status }, startedAt }: Exchange): object => ({
	requestId,
	method,
	path,
	status,
	ms: Math.round(performance.now() - startedAt)
});

function refuse({ logger }: ApiService, exchange: Exchange, error: unknown): void {
	try {
		sendProblem(exchange, error, logger);
	} catch (unsayable) {
		logger.error(`${exchange.requestId} could not be answered`, unsayable);
		exchange.res.destroy();
	}
}

/** Finds what answers at the address and has it answer. */
async function answer(gateway: ApiService, exchange: Exchange): Promise<void> {
	const { table, phase } = gateway;
	const { method = "" } = exchange.req;
	const path = exchange.path.length > 1 ? exchange.path.replace(/\/$/, "") : exchange.path;
	const found = table.find(method, path);
	if (!found) {
		const { legacy } = gateway;
		// What belongs to a service that was never met yet is not the other application's.
		if (legacy && gateway.knowsAll() && table.allowed(path).length === 0) {
			exchange.label = "legacy";
			record(gateway, exchange);
			return legacy.answer(gateway, exchange);
		}
		return answerOptions(gateway, exchange, path);
	}
	const { target, params } = found;
	exchange.label = target.path;
	if ("answer" in target) return target.answer(gateway, exchange, params);
	if (phase === "starting") throw new NotReady();
	exchange.writes = method !== "GET" && method !== "HEAD";
	if (!target.action.untraced) record(gateway, exchange);
	return dispatch(gateway, exchange, target, params);
}

/** Records what somebody else is asked to do for a request, unless others were recorded just before. */
function record({ broker, name, sampling }: ApiService, exchange: Exchange): void {
	if (sampling.take()) exchange.record(runtimeOf(broker).tracer, name);
}

/** What is left when nothing answers: the question which methods do. Throws RouteNotFound, MethodNotAllowed, NotReady. */
function answerOptions(gateway: ApiService, exchange: Exchange, path: string): void {
	const allow = gateway.table.allowed(path);
	// What belongs to a service that was never met yet is not known to be nowhere.
	if (allow.length === 0) throw gateway.knowsAll() ? new RouteNotFound() : new NotReady();
	if (exchange.req.method !== "OPTIONS") throw new MethodNotAllowed(allow);
	exchange.set("Allow", allow.join(", "));
	exchange.send(204);
}
