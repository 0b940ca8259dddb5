import { Readable } from "node:stream";
import type { Identity } from "../../broker/context.ts";
import { IdempotencyKeyMissing, Unauthenticated } from "../../broker/errors.ts";
import { runtimeOf } from "../../broker/runtime.ts";
import { describeVersion, sendResult } from "./answer.ts";
import { identify } from "./authenticate.ts";
import { clientAddress } from "./client-address.ts";
import { sendEvents } from "./event-stream.ts";
import type { Exchange } from "./exchange.ts";
import type { ApiService } from "./gateway.ts";
import { idempotencyKey } from "./idempotency-key.ts";
import { asks, bodyParams, queryParams, streamParams } from "./params.ts";
import { ask } from "./ask.ts";
import { versionAsked } from "./preconditions.ts";
import { secondsToWait } from "./prefer.ts";
import type { Endpoint } from "./routes.ts";

/** Turns a request into the call of an action and its result into the answer. Throws whatever keeps it from that. */
export async function dispatch(
	gateway: ApiService,
	exchange: Exchange,
	endpoint: Endpoint,
	path: Record<string, string>
): Promise<void> {
	const { action } = endpoint;
	const { admission } = gateway;
	describeVersion(exchange, endpoint);
	const pass = action.stream ? admission.enterStream() : admission.enter(exchange.writes);
	let streaming = false;
	try {
		const identity = await admit(gateway, exchange, endpoint);
		const headers = headersFor(exchange, endpoint, identity);
		const params = await paramsOf(exchange, endpoint, path);
		const seconds = action.waits ? secondsToWait(exchange.header("prefer")) : undefined;
		const result = await ask(gateway, exchange, endpoint, { identity, headers, params, seconds, pass });
		if (result instanceof Readable) {
			streaming = true;
			void sendEvents(exchange, result).finally(pass.leave);
		} else sendResult(exchange, endpoint, result);
	} finally {
		if (!streaming) pass.leave();
	}
}

function paramsOf(exchange: Exchange, endpoint: Endpoint, path: Record<string, string>): unknown {
	if (endpoint.action.stream) return streamParams(exchange, endpoint, path);
	return asks(endpoint) ? queryParams(exchange, path) : bodyParams(exchange, endpoint, path);
}

async function admit({ broker, keys, limits }: ApiService, exchange: Exchange, endpoint: Endpoint): Promise<Identity> {
	const placesOrder = endpoint.action.rest === "POST /orders";
	const spend = (caller: string) => limits.spend(caller, placesOrder, (name, value) => exchange.set(name, value));
	const address = () => `address ${clientAddress(exchange.req, runtimeOf(broker).env.TRUSTED_PROXIES)}`;
	let identity: Identity;
	try {
		identity = await identify(exchange.header("authorization"), keys);
	} catch (error) {
		await spend(address());
		throw error;
	}
	await spend(identity.kind === "user" ? `user ${identity.userId}` : address());
	// Told before a body is read; the service would say the same.
	if (identity.kind === "anonymous" && endpoint.action.access !== "public") throw new Unauthenticated();
	return identity;
}

function headersFor(exchange: Exchange, { action }: Endpoint, identity: Identity): Record<string, string> {
	const headers: Record<string, string> = {};
	if (action.idempotencyKey) {
		const key = idempotencyKey(exchange.header("idempotency-key"));
		if (key !== undefined) headers["idempotency-key"] = key;
		else if (action.idempotencyKey === "required" && identity.kind === "user") throw new IdempotencyKeyMissing();
	}
	const version = exchange.writes ? versionAsked(exchange.header("if-match")) : undefined;
	if (version !== undefined) headers["if-match"] = version;
	return headers;
}
