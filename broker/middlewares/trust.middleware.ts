import type { JSONWebKeySet } from "jose";
import type { ActionHandler, Context, Middleware, ServiceBroker } from "moleculer";
import { ANONYMOUS, type SoukContext } from "../context.ts";
import { keptSecret, keyFile } from "../key-files.ts";
import { runtimeOf } from "../runtime.ts";
import { ServiceTokens } from "../service-tokens.ts";
import { publicKeysFrom, verifyAccessToken, type PublicKeys } from "../tokens.ts";

/** What a call carries to another process: who calls, and on whose behalf. */
const SERVICE = "service-token";
const USER = "user-token";
const NOBODY = "for-nobody";

interface Trust {
	readonly services: ServiceTokens;
	readonly users: PublicKeys;
}
const trusts = new WeakMap<ServiceBroker, Trust>();

/**
 * Between processes a call proves which service makes it and, where a user is behind it, who that is. Who receives it
 * believes nothing else: not the caller's name in the packet, not its meta. `askKeys` asks for what users' tokens are
 * verified with.
 */
export const trustMiddleware = (askKeys: (broker: ServiceBroker) => Promise<JSONWebKeySet>): Middleware => {
	const trustOf = (broker: ServiceBroker): Trust => {
		let trust = trusts.get(broker);
		if (!trust) {
			const { SERVICE_SECRET, DATA_DIR } = runtimeOf(broker).env;
			const services = new ServiceTokens(SERVICE_SECRET ?? keptSecret(keyFile(DATA_DIR, "services.key")));
			trusts.set(broker, (trust = { services, users: publicKeysFrom(() => askKeys(broker)) }));
		}
		return trust;
	};
	return {
		name: "Trust",
		localAction(this: ServiceBroker, next: ActionHandler) {
			if (!runtimeOf(this).env.TRANSPORTER) return next;
			return (moleculerContext: Context) => {
				const ctx = moleculerContext as unknown as SoukContext;
				const go = (): Promise<unknown> => next.call(undefined as never, moleculerContext) as Promise<unknown>;
				return ctx.remote ? identify(ctx, trustOf(this)).then(go) : go();
			};
		},
		remoteAction(this: ServiceBroker, next: ActionHandler) {
			return async (moleculerContext: Context) => {
				const ctx = moleculerContext as unknown as SoukContext;
				const { meta } = ctx;
				// The headers may be those of another call too. The meta stays here: nothing that is sent or answered needs it.
				ctx.headers = { ...ctx.headers, ...(await credentials(ctx, trustOf(this))) };
				ctx.meta = {};
				try {
					return (await next.call(undefined as never, moleculerContext)) as unknown;
				} finally {
					ctx.meta = Object.assign(meta, said(ctx.meta));
				}
			};
		}
	} as Middleware;
};

async function credentials(ctx: SoukContext, { services }: Trust): Promise<Record<string, string>> {
	const { identity, traceparent, userToken } = ctx;
	const caller = identity.kind === "service" && identity.name !== "local" ? identity.name : (ctx.caller ?? "local");
	const headers: Record<string, string> = { [SERVICE]: await services.of(caller) };
	if (traceparent) headers.traceparent = traceparent;
	if (identity.kind === "anonymous") headers[NOBODY] = "1";
	if (identity.kind === "user") {
		// Without it the call would be made in the service's own name, which may do more.
		if (!userToken)
			throw new Error(`${ctx.action?.name} cannot be called for user ${identity.userId}: no token came with it`);
		headers[USER] = userToken;
	}
	return headers;
}

async function identify(ctx: SoukContext, { services, users }: Trust): Promise<void> {
	const { [SERVICE]: service, [USER]: user, [NOBODY]: nobody, ...headers } = ctx.headers as Record<string, unknown>;
	ctx.headers = headers as typeof ctx.headers;
	const name = await services.verify(service);
	ctx.caller = name;
	if (typeof user === "string") {
		ctx.locals.identity = await verifyAccessToken(user, users);
		ctx.locals.userToken = user;
	} else ctx.locals.identity = nobody ? ANONYMOUS : Object.freeze({ kind: "service", name });
}

/** The one thing an answer may say beside itself: that it was given before. */
function said(meta: Record<string, unknown>): object {
	const { $responseHeaders } = meta as { $responseHeaders?: Record<string, unknown> };
	return $responseHeaders?.["Idempotency-Replayed"] === "true"
		? { $responseHeaders: { "Idempotency-Replayed": "true" } }
		: {};
}
