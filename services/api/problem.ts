import type { ServiceBroker } from "moleculer";
import { titleOf } from "../../broker/contract.ts";
import { codeOf, isRefusal, type Flaw } from "../../broker/errors.ts";
import { ServiceTimeout, ServiceUnavailable } from "./api.errors.ts";
import type { Exchange } from "./exchange.ts";

export const PROBLEM_TYPE = "application/problem+json; charset=utf-8";

/** A problem document (RFC 9457). */
export interface Problem {
	type: string;
	title: string;
	status: number;
	detail: string;
	instance: string;
	code: string;
	requestId: string;
	errors?: Flaw[];
	/** What earlier systems called it. */
	error?: string;
}

interface Fault {
	name?: string;
	message: string;
	code?: unknown;
	type?: string;
	data?: {
		errors?: Flaw[];
		error?: string;
		retryAfter?: number;
		allow?: readonly string[];
		action?: string;
		service?: string;
	};
}

/** Answers with what went wrong. What is nobody's fault but ours is logged, and told without its insides. */
export function sendProblem(exchange: Exchange, error: unknown, logger: ServiceBroker["logger"]): void {
	const fault = ours(error as Fault, exchange);
	const problem = problemOf(fault, exchange);
	exchange.problem = problem.code;
	if (problem.status >= 500)
		logger[problem.status === 500 ? "error" : "warn"](`${problem.code} for ${exchange.requestId}`, error);
	for (const [name, value] of headersOf(fault, problem)) exchange.set(name, value);
	exchange.set("Cache-Control", "no-store");
	exchange.send(problem.status, JSON.stringify(problem), PROBLEM_TYPE);
}

export const problemType = (code: string): string => `/problems/${code.toLowerCase().replaceAll("_", "-")}`;

/** "Order not found" for ORDER_NOT_FOUND. */
export const titleOfCode = (code: string): string => {
	const words = code.toLowerCase().replaceAll("_", " ");
	return words.charAt(0).toUpperCase() + words.slice(1);
};

/** Moleculer's own faults in Souk's words: whatever kept a call from being made is 503, whatever Moleculer calls it. */
function ours(fault: Fault, { writes }: Exchange): Fault {
	const service = fault.data?.action?.split(".")[0];
	switch (codeOf(fault)) {
		case "SERVICE_NOT_FOUND":
		case "SERVICE_NOT_AVAILABLE":
		case "REQUEST_REJECTED":
		case "REQUEST_SKIPPED":
		case "QUEUE_FULL":
		case "BAD_GATEWAY":
			return new ServiceUnavailable(service) as Fault;
		case "REQUEST_TIMEOUT":
			return new ServiceTimeout(service, writes) as Fault;
		default:
			return fault;
	}
}

function problemOf(fault: Fault, { path, requestId }: Exchange): Problem {
	const told = isRefusal(fault) || (fault.code === 503 && fault.type);
	if (!told)
		return {
			type: problemType("INTERNAL_ERROR"),
			title: "Internal error",
			status: 500,
			detail: "Something is wrong on our side; the request's id leads us to it",
			instance: path,
			code: "INTERNAL_ERROR",
			requestId
		};
	const { type: code = "REFUSED", data = {} } = fault;
	return {
		type: problemType(code),
		title: fault.code === 401 && data.error ? data.error : titleFor(fault, code),
		status: fault.code as number,
		detail: fault.message,
		instance: path,
		code,
		requestId,
		errors: data.errors,
		error: fault.code === 401 ? data.error : unavailable(data.service)
	};
}

// Where the class was lost on the wire, its code says the same.
const titleFor = ({ name = "" }: Fault, code: string): string =>
	titleOf(name).toUpperCase().replaceAll(" ", "_") === code ? titleOf(name) : titleOfCode(code);

/** "User service unavailable", as the systems before Souk said it. */
const unavailable = (service: string | undefined): string | undefined =>
	service ? `${service.charAt(0).toUpperCase()}${service.slice(1).replace(/s$/, "")} service unavailable` : undefined;

function* headersOf({ data }: Fault, { status, code }: Problem): Generator<[string, string]> {
	if (status === 401)
		yield ["WWW-Authenticate", `Bearer realm="souk"${code === "INVALID_TOKEN" ? ', error="invalid_token"' : ""}`];
	if (status === 405 && data?.allow) yield ["Allow", data.allow.join(", ")];
	// A little chance, so that those who were turned away together do not come back together.
	const retryAfter = data?.retryAfter ?? (status === 503 ? 1 + Math.floor(Math.random() * 3) : undefined);
	if (retryAfter !== undefined) yield ["Retry-After", String(retryAfter)];
}
