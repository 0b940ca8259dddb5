import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import type { ActionHandler, ActionSchema, Context, Middleware, ServiceBroker } from "moleculer";
import type { z } from "zod";
import type { Identity, SoukContext } from "../context.ts";
import type { ActionSpec } from "../contract.ts";
import { Forbidden, IdempotencyKeyMissing, Unauthenticated, ValidationFailed, type Flaw } from "../errors.ts";
import { runtimeOf } from "../runtime.ts";
import type { ServedAction } from "../service.ts";

/**
 * Holds every action to its contract: who may call, the shape of what comes in, the client's key, and (outside
 * production) the shape of what goes out. An action without a contract does not start.
 */
export const contractMiddleware: Middleware = {
	name: "Contract",
	localAction(this: ServiceBroker, next: ActionHandler, action: ActionSchema) {
		const { spec: declared, name = "", visibility, describes } = action as ActionSchema & ServedAction;
		if (visibility === "private" || name.startsWith("$") || describes) return next;
		if (!declared) throw new Error(`${name} has no contract: declare it, with its access, in the service's contract`);
		const spec = declared();
		const { checkResults } = runtimeOf(this).env;
		return async (moleculerContext: Context) => {
			const ctx = moleculerContext as unknown as SoukContext;
			allow(ctx, spec, name);
			ctx.params = validate(spec.params, ctx.params);
			remember(ctx, spec, name);
			const result: unknown = await next.call(undefined as never, moleculerContext);
			assertOwnerWasAsked(ctx, spec, name);
			if (checkResults && !(result instanceof Readable)) assertResult(spec, name, result);
			return result;
		};
	}
};

function allow(ctx: SoukContext, { access }: ActionSpec, name: string): void {
	const { identity } = ctx;
	if (access === "public" || identity.kind === "service") return;
	if (access === "internal") {
		// Reached on behalf of a user, but only ever from another service: the gateway routes no internal action.
		if (ctx.caller && ctx.caller !== "api") return;
		throw new Forbidden(name);
	}
	if (identity.kind === "anonymous") throw new Unauthenticated();
	ctx.locals.privileged = access.roles;
	if (!access.owner && !identity.roles.some(role => access.roles.includes(role))) throw new Forbidden(name);
}

/** Parses parameters by a contract's schema. Throws ValidationFailed, which names every flaw. */
export function validate<T>(schema: z.ZodType<T>, params: unknown): T {
	const parsed = schema.safeParse(params ?? {});
	if (parsed.success) return parsed.data;
	throw new ValidationFailed(parsed.error.issues.flatMap(flawsOf));
}

function flawsOf(issue: z.core.$ZodIssue): Flaw[] {
	const at = (path: PropertyKey[]) =>
		path.map(key => `/${String(key).replace(/~/g, "~0").replace(/\//g, "~1")}`).join("");
	if (issue.code === "unrecognized_keys")
		return issue.keys.map(key => ({ pointer: at([...issue.path, key]), detail: "is not part of this request" }));
	return [{ pointer: at(issue.path), detail: issue.message }];
}

function remember(ctx: SoukContext, { idempotencyKey }: ActionSpec, name: string): void {
	if (!idempotencyKey) return;
	const key = ctx.headers["idempotency-key"] as string | undefined;
	const { identity } = ctx;
	if (!key) {
		if (idempotencyKey === "required" && identity.kind !== "service") throw new IdempotencyKeyMissing();
		return;
	}
	const fingerprint = createHash("sha256").update(JSON.stringify(ctx.params)).digest("base64url");
	ctx.locals.idempotency = { scope: `${ownerOfKey(identity)} ${name}`, key, fingerprint };
}

// A service's keys are its own too: two of them may number their sagas alike.
function ownerOfKey(identity: Identity): string {
	if (identity.kind === "user") return `user ${identity.userId}`;
	return identity.kind === "service" ? `service ${identity.name}` : "anonymous";
}

function assertOwnerWasAsked(ctx: SoukContext, { access }: ActionSpec, name: string): void {
	if (typeof access === "object" && access.owner && ctx.identity.kind === "user" && !ctx.locals.ownerAsserted)
		throw new Error(`${name} declares an owner but its handler never asked whose the resource is`);
}

function assertResult({ result: schema }: ActionSpec, name: string, result: unknown): void {
	const { error } = schema.safeParse(result);
	if (error) throw new Error(`${name} answered what its contract does not promise: ${error.message}`);
}
