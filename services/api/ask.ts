import type { Context } from "moleculer";
import type { Identity } from "../../broker/context.ts";
import { isTransient } from "../../broker/errors.ts";
import type { Pass } from "./admission.ts";
import { tokenIn } from "./authenticate.ts";
import type { Exchange } from "./exchange.ts";
import type { ApiService } from "./gateway.ts";
import type { Endpoint } from "./routes.ts";

/** How long a service may take, in milliseconds, beside the time that it was asked to wait. */
const PATIENCE = 5_000;

/** What is asked, and for whom. */
interface Question {
	identity: Identity;
	headers: Record<string, string>;
	params: unknown;
	/** How long the client waits for the outcome, when it said so. */
	seconds: number | undefined;
	/** Its place in the gateway; who waits takes no place of those who ask. */
	pass: Pass;
}

/**
 * Asks the service behind an endpoint, within the time that the request has. When it is away, the last answer to what
 * anybody may read stands in for it, with its age. Throws what keeps it from an answer.
 */
export async function ask(
	gateway: ApiService,
	exchange: Exchange,
	endpoint: Endpoint,
	{ identity, headers, params, seconds, pass }: Question
): Promise<unknown> {
	const { action } = endpoint;
	const { retries, lastAnswers } = gateway;
	const ctx = contextFor(gateway, exchange, identity);
	const until = performance.now() + PATIENCE;
	const repeatable = !exchange.writes || headers["idempotency-key"] !== undefined;
	try {
		const result: unknown = await retries.call(repeatable, () =>
			ctx.call(action.name, params as object, { headers, timeout: Math.max(1, until - performance.now()) })
		);
		lastAnswers.keep(exchange, endpoint, identity, result);
		const { $responseHeaders: said } = ctx.meta as { $responseHeaders?: Record<string, string> };
		if (said?.["Idempotency-Replayed"]) exchange.set("Idempotency-Replayed", "true");
		if (!action.waits || seconds === undefined || !pass.wait()) return result;
		exchange.set("Preference-Applied", `wait=${seconds}`);
		return seconds > 0 ? await outcome(ctx, action.waits, result, seconds) : result;
	} catch (error) {
		const last = isTransient(error) ? lastAnswers.find(exchange, endpoint, identity) : undefined;
		if (!last) throw error;
		exchange.set("Age", String(last.age));
		exchange.set("Cache-Status", "souk; hit; detail=stale-if-error");
		return last.result;
	}
}

/** What has become of what was begun, after `seconds` at most. Where that cannot be told, it was begun all the same. */
async function outcome(ctx: Context, action: string, begun: unknown, seconds: number): Promise<unknown> {
	const waitMs = seconds * 1_000;
	const { id } = begun as { id: number };
	return ctx.call(action, { id, waitMs }, { timeout: waitMs + PATIENCE }).catch(() => begun);
}

/** The root of everything that is done for a request. It is no action of its own: nobody but the server starts one. */
function contextFor(gateway: ApiService, exchange: Exchange, identity: Identity): Context {
	const { requestId, traceparent } = exchange;
	const ctx = gateway.broker.ContextFactory.create(gateway.broker, null as never, {}, { requestID: requestId });
	ctx.service = gateway;
	ctx.headers = { traceparent };
	// In the context's own memory, not in meta: what it calls inherits it, and nobody can send it.
	ctx.locals.identity = identity;
	if (identity.kind === "user") ctx.locals.userToken = tokenIn(exchange.header("authorization")!);
	return ctx;
}
