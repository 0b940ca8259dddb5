import { Context, type CallingOptions, type Service, type ServiceBroker } from "moleculer";
import type { ActionName, Actions, Role } from "./contract.ts";
import { Forbidden } from "./errors.ts";

/** Who is behind a call: a signed-in user, a service acting on its own, or nobody who said. Frozen, and never in `ctx.meta`. */
export type Identity =
	| { readonly kind: "user"; readonly userId: number; readonly roles: readonly Role[] }
	| { readonly kind: "service"; readonly name: string }
	| { readonly kind: "anonymous" };

/** Where a unit of work comes from: what its events, crash points and idempotency record are labelled with. */
export interface Origin {
	/** The action or the event handler: `orders.place`, `inventory<order.created`. */
	readonly unit: string;
	readonly correlationId: string;
	readonly causationId?: string;
	readonly traceparent?: string;
	/** The client's key and whose it is; the unit's result is stored under it. */
	readonly idempotency?: { readonly scope: string; readonly key: string; readonly fingerprint: string };
	/** Milliseconds since the epoch after which nobody waits for the answer. */
	readonly deadline?: number;
	/** Told when the answer came from the record of an earlier call. */
	replayed?(): void;
}

type Options = Omit<CallingOptions, "parentCtx">;

/** Calls another service by its contract: the compiler checks the name, the parameters and the result. */
export type Call = <Name extends ActionName>(
	name: Name,
	params: Actions[Name]["input"],
	options?: Options
) => Promise<Actions[Name]["result"]>;

/** What a handler is given. Moleculer's context, with calls narrowed to the contracts. */
export interface Ctx<Params = unknown> extends Omit<Context<Params>, "call" | "emit" | "broadcast"> {
	call: Call;
	readonly identity: Identity;
	readonly origin: Origin;
	/** The version that `If-Match` names. */
	readonly ifMatch: number | undefined;
	/** Refuses a user to whom the resource does not belong. Throws Forbidden. */
	assertOwner(userId: number): void;
	/** The signed-in user. Throws Forbidden when a service calls. */
	userId(): number;
	/** Whether the caller is a user with one of these roles, or a service. */
	is(...roles: Role[]): boolean;
}

const LOCAL: Identity = Object.freeze({ kind: "service", name: "local" });
export const ANONYMOUS: Identity = Object.freeze({ kind: "anonymous" });

/** The context class of Souk's brokers: identity, ownership and the origin of units of work. */
export class SoukContext extends Context {
	// Moleculer makes the context of a call this way in the process that calls, and by `new` for what comes from the wire.
	static override create(broker: ServiceBroker, ...rest: unknown[]): Context {
		const ctx = super.create(...([broker, ...rest] as Parameters<typeof Context.create>));
		ctx.locals.local = true;
		return ctx;
	}

	/** Whether the call came from another process. Nothing that a packet says can hide it. */
	get remote(): boolean {
		return this.locals.local !== true;
	}

	get identity(): Identity {
		const known = this.locals.identity as Identity | undefined;
		if (known) return known;
		if (this.remote) return ANONYMOUS;
		// Inside a process a call is trusted: it acts for whoever its caller acts for.
		const inherited = (this.options?.parentCtx as SoukContext | undefined)?.identity ?? LOCAL;
		this.locals.identity = inherited;
		return inherited;
	}

	/** The access token of the user it all began with, to be shown to other processes. */
	get userToken(): string | undefined {
		const parent = this.options?.parentCtx as SoukContext | undefined;
		return (this.locals.userToken as string | undefined) ?? parent?.userToken;
	}

	get origin(): Origin {
		return (this.locals.origin ??= {
			unit: this.action?.name ?? "unnamed",
			correlationId: this.requestID ?? this.id,
			causationId: this.id,
			traceparent: this.traceparent,
			idempotency: this.locals.idempotency as Origin["idempotency"],
			deadline: this.#deadline(),
			replayed: () => {
				// The record is kept for each caller apart: whose it is was asked when it was made.
				this.locals.ownerAsserted = true;
				const meta = this.meta as { $responseHeaders?: object };
				meta.$responseHeaders = { ...meta.$responseHeaders, "Idempotency-Replayed": "true" };
			}
		}) as Origin;
	}

	// Counted from when the call began, which may be long before its handler reaches a unit of work.
	#deadline(): number | undefined {
		const timeout = this.options?.timeout;
		if (!timeout) return undefined;
		const [seconds, nanoseconds] = this.startHrTime ? process.hrtime(this.startHrTime) : [0, 0];
		return Date.now() + timeout - seconds * 1e3 - nanoseconds / 1e6;
	}

	/** Where in its trace what is done here stands: in its own span, or else in the caller's. */
	get traceparent(): string | undefined {
		return (
			(this.locals.traceparent as string | undefined) ??
			(this.headers.traceparent as string | undefined) ??
			(this.options?.parentCtx as SoukContext | undefined)?.traceparent
		);
	}

	get ifMatch(): number | undefined {
		const version = this.headers["if-match"] as string | undefined;
		return version === undefined ? undefined : Number(version);
	}

	assertOwner(userId: number): void {
		this.locals.ownerAsserted = true;
		if (this.identity.kind === "service") return;
		if (this.identity.kind === "user") {
			const { roles } = this.identity;
			const privileged = (this.locals.privileged as readonly Role[] | undefined) ?? [];
			if (this.identity.userId === userId || roles.some(role => privileged.includes(role))) return;
		}
		throw new Forbidden(this.action?.name ?? "");
	}

	userId(): number {
		if (this.identity.kind !== "user") throw new Forbidden(this.action?.name ?? "");
		return this.identity.userId;
	}

	is(...roles: Role[]): boolean {
		if (this.identity.kind === "service") return true;
		return this.identity.kind === "user" && this.identity.roles.some(role => roles.includes(role));
	}
}

/** A context to call from when no request is behind it: a saga, an event handler, a timer. */
export function serviceContext(service: Service, correlationId: string, traceparent?: string): Ctx {
	const broker: ServiceBroker = service.broker;
	const ctx = new SoukContext(broker, null as never);
	ctx.service = service;
	ctx.requestID = correlationId;
	if (traceparent) ctx.headers.traceparent = traceparent;
	ctx.locals.identity = Object.freeze({ kind: "service", name: service.name });
	return ctx as unknown as Ctx;
}
