import { Readable } from "node:stream";
import { Errors, type ServiceSchema } from "moleculer";
import { z } from "zod";
import type { Ctx } from "../../broker/context.ts";
import { contract } from "../../broker/contract.ts";
import { Refusal, StoreUnavailable, VersionConflict } from "../../broker/errors.ts";
import { ById, Id, Line, PageQuery, pageOf } from "../../broker/schemas.ts";
import { serve, service } from "../../broker/service.ts";

class ThingNotFound extends Refusal {
	constructor(id: number) {
		super(`There is no thing ${id}`, 404, "THING_NOT_FOUND", { id });
	}
}

const Thing = z.strictObject({ id: Id, name: z.string(), version: z.int() }).meta({ id: "Thing" });

/** A little service with a route of every kind that contracts know. */
export const things = contract("things", {
	get: {
		summary: "One thing",
		params: ById,
		result: Thing,
		rest: "GET /things/:id",
		access: "public",
		refuses: [ThingNotFound]
	},
	list: {
		summary: "Things",
		params: z.strictObject({ ...PageQuery, name: z.string().optional() }),
		result: pageOf(Thing),
		rest: "GET /things",
		access: "public"
	},
	create: {
		summary: "Makes a thing",
		params: z.strictObject({ name: Line(), of: z.strictObject({ size: z.int() }).optional() }),
		result: Thing,
		rest: "POST /things",
		status: 201,
		access: { roles: ["customer", "staff"] },
		idempotencyKey: "required",
		waits: "things.outcome"
	},
	outcome: {
		summary: "What has become of a thing",
		params: ById.extend({ waitMs: z.int() }),
		result: Thing,
		access: { roles: ["customer", "staff"] }
	},
	update: {
		summary: "Changes a thing",
		params: ById.extend({ name: Line() }),
		result: Thing,
		rest: "PUT /things/:id",
		access: { roles: ["staff"] },
		idempotencyKey: "optional",
		refuses: [VersionConflict]
	},
	remove: {
		summary: "Removes a thing",
		params: ById,
		result: z.null(),
		rest: "DELETE /things/:id",
		status: 204,
		access: { roles: ["staff"] }
	},
	secret: {
		summary: "What only its owner sees",
		params: ById,
		result: Thing,
		rest: "GET /things/:id/secret",
		access: { roles: ["staff"], owner: true }
	},
	part: {
		summary: "Makes a part of a thing",
		params: ById.extend({ name: Line() }),
		result: Thing,
		rest: "POST /things/:id/parts",
		status: 201,
		access: "public"
	},
	stream: {
		summary: "What happens to a thing",
		params: ById,
		result: z.unknown(),
		rest: "GET /things/:id/stream",
		stream: true,
		access: "public"
	},
	hook: {
		summary: "Takes a notice from outside",
		params: z.strictObject({ raw: z.string(), signature: z.string() }),
		result: z.strictObject({ raw: z.string(), signature: z.string() }),
		rest: "POST /hooks/things",
		status: 202,
		rawBody: true,
		access: "public"
	},
	fault: {
		summary: "Fails in a way of choice",
		params: z.strictObject({ kind: z.string() }),
		result: z.null(),
		rest: "GET /faults/:kind",
		access: "public"
	},
	writingFault: {
		summary: "Fails to write, in a way of choice",
		params: z.strictObject({ kind: z.string() }),
		result: z.null(),
		rest: "POST /faults/:kind",
		access: "public"
	},
	hidden: {
		summary: "For other services",
		params: z.strictObject({}),
		result: z.null(),
		rest: "GET /hidden",
		access: "internal"
	}
});

/** What the service was asked, newest last: nothing that was refused before may show up here. */
export interface Asked {
	action: string;
	params: Record<string, unknown>;
	headers: Record<string, unknown>;
	identity: unknown;
	requestId: string | null;
	/** Where in its trace the action stands. */
	traceparent: string;
}

interface Thingy {
	schema: ServiceSchema;
	asked: Asked[];
	/** The sources of the streams that were asked for. */
	streams: Readable[];
	/** What `create` and `list` wait for before they answer. */
	hold: { until: Promise<unknown> };
}

/** A fresh service of things, and what it was asked. */
export function thingService(): Thingy {
	const asked: Asked[] = [];
	const streams: Readable[] = [];
	const hold: Thingy["hold"] = { until: Promise.resolve() };
	const heard =
		(answer: (params: never, ctx: Ctx) => unknown) =>
		async (ctx: Ctx<Record<string, unknown>>): Promise<unknown> => {
			const { params, headers, identity, requestID: requestId } = ctx;
			const { traceparent = "" } = ctx.origin;
			asked.push({
				action: ctx.action!.name!,
				params,
				headers: headers as Asked["headers"],
				identity,
				requestId,
				traceparent
			});
			return answer(params as never, ctx);
		};
	const thing = ({ id }: { id: number }) => ({ id, name: `Thing ${id}`, version: 3 });
	const handlers = {
		get: heard(({ id }: { id: number }) => {
			if (id === 404) throw new ThingNotFound(id);
			return thing({ id });
		}),
		list: heard(async ({ limit, after = 0 }: { limit: number; after?: number }) => {
			await hold.until;
			return { items: [thing({ id: after + 1 })], ...(limit === 1 ? { next: after + 1 } : {}) };
		}),
		create: heard(async (_params, ctx) => {
			await hold.until;
			if (ctx.headers["idempotency-key"] === "replayed-key") ctx.origin.replayed?.();
			return thing({ id: 7 });
		}),
		outcome: heard(({ id, waitMs }: { id: number; waitMs: number }) => {
			if (waitMs === 1_000) throw new Error("nobody can tell");
			return { ...thing({ id }), name: "Outcome" };
		}),
		update: heard((params: { id: number }, ctx) => {
			if (ctx.ifMatch !== undefined && ctx.ifMatch !== 3) throw new VersionConflict(ctx.ifMatch, 3);
			return thing(params);
		}),
		remove: heard(() => null),
		secret: heard((params: { id: number }, ctx) => {
			ctx.assertOwner(params.id);
			return thing(params);
		}),
		part: heard(() => thing({ id: 9 })),
		stream: heard(() => {
			const source = new Readable({ read: () => undefined });
			streams.push(source);
			return source;
		}),
		hook: heard(params => params),
		fault: heard(({ kind }: { kind: string }) => fail(kind)),
		writingFault: heard(({ kind }: { kind: string }) => fail(kind)),
		hidden: heard(() => null)
	};
	const actions = serve(things, handlers as never);
	// What fails whenever it is asked would soon be asked no more.
	for (const verb of ["fault", "writingFault"]) actions[verb]!.circuitBreaker = { enabled: false };
	return {
		schema: service({ name: "things", actions }),
		asked,
		streams,
		hold
	};
}

const faults: Record<string, () => unknown> = {
	crash: () => new TypeError("secret-canary: cannot read properties of undefined"),
	text: () => "secret-canary",
	database: () => new Errors.MoleculerServerError("secret-canary SQL", 500, "SQL", { sql: "secret-canary" }),
	store: () => new StoreUnavailable("things", "SQLITE_BUSY"),
	missing: () => new Errors.ServiceNotFoundError({ action: "orders.place", nodeID: "secret-canary" }),
	tripped: () => new Errors.ServiceNotAvailableError({ action: "orders.place", nodeID: "secret-canary" }),
	timeout: () => new Errors.RequestTimeoutError({ action: "orders.place", nodeID: "secret-canary" }),
	rejected: () => new Errors.RequestRejectedError({ action: "orders.place", nodeID: "secret-canary" }),
	skipped: () => new Errors.RequestSkippedError({ action: "orders.place", nodeID: "secret-canary" }),
	full: () => new Errors.QueueIsFullError({ action: "orders.place", nodeID: "secret-canary", size: 5, limit: 5 }),
	busy: () => new Refusal("Somebody else is at it", 409, "BUSY", { retryAfter: 7 }),
	// As it comes over a wire: the class is lost.
	remote: () =>
		Object.assign(new Error("There is no order 5"), {
			code: 404,
			type: "ORDER_NOT_FOUND",
			name: "MoleculerClientError"
		})
};

function fail(kind: string): never {
	const fault = faults[kind]?.();
	// eslint-disable-next-line @typescript-eslint/only-throw-error -- whatever is thrown must be told well
	throw fault ?? new Error(`No fault is called ${kind}`);
}
