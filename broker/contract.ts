import { z } from "zod";
import type { RefusalClass } from "./errors.ts";

/** An action's parameters (as sent and as received, after defaults) and what it resolves to. */
export interface Action<Input, Params, Result> {
	input: Input;
	params: Params;
	result: Result;
}
/** Every action that crosses a service boundary, by full name; each contract adds its own. */
export interface Actions {}
/** Every event's data, by type; each contract adds its own. */
export interface Events {}

export type ActionName = keyof Actions & string;
export type EventType = keyof Events & string;
export type Role = "customer" | "staff" | "admin";

/**
 * Who may call: anyone, only other services, or signed-in users: those with one of `roles`, and with `owner` the user
 * whom the resource belongs to (the handler says whose it is with `ctx.assertOwner`).
 */
export type Access = "public" | "internal" | { roles: readonly Role[]; owner?: true };

/** All that others may know of one action. */
export interface ActionSpec {
	summary: string;
	params: z.ZodObject;
	result: z.ZodType;
	access: Access;
	/** `GET /orders/:id`, below the API's base path; a leading `//` means below the root. */
	rest?: `${"GET" | "POST" | "PUT" | "DELETE"} /${string}`;
	/** The HTTP status of success. Default 200. */
	status?: 200 | 201 | 202 | 204;
	idempotencyKey?: "required" | "optional";
	/** Starts something whose outcome this action waits for, by its id and for `waitMs`: how `Prefer: wait=N` is answered. */
	waits?: string;
	/** The result is a stream of server-sent events. */
	stream?: true;
	/** Shown to people by a browser: the result is an HTML page, and what a form sends with it is not read. */
	page?: true;
	/** Asked by who looks at traces, all the time: a request for it is no trace of its own. */
	untraced?: true;
	/** The body arrives as the raw bytes `{ raw, signature }`, to be checked before it is parsed. */
	rawBody?: true;
	refuses?: readonly RefusalClass[];
}

export interface Contract<Name extends string = string, Specs = Record<string, ActionSpec>> {
	readonly name: Name;
	readonly actions: Specs;
}

/** Declares what a service does for others. Everything else (validation, routes, documents, types) is derived from it. */
export function contract<const Name extends string, const Specs extends Record<string, ActionSpec>>(
	name: Name,
	actions: Specs
): Contract<Name, Specs> {
	return { name, actions };
}

export type ActionsOf<C> =
	C extends Contract<infer Name, infer Specs>
		? {
				[K in keyof Specs & string as `${Name}.${K}`]: Specs[K] extends {
					params: infer P extends z.ZodType;
					result: infer R extends z.ZodType;
				}
					? Action<z.input<P>, z.output<P>, z.input<R>>
					: never;
			}
		: never;

export interface EventContract<Entity extends string = string, Schemas = Record<string, z.ZodType>> {
	readonly entity: Entity;
	readonly schemas: Schemas;
}

export type EventsOf<C> =
	C extends EventContract<infer Entity, infer Schemas>
		? { [K in keyof Schemas & string as `${Entity}.${K}`]: z.output<Schemas[K] & z.ZodType> }
		: never;

const eventSchemas = new Map<string, z.ZodType>();

/** Declares the events of one entity: `events("order", { created })` is `order.created` on the topic `order.events`. */
export function events<const Entity extends string, const Schemas extends Record<string, z.ZodType>>(
	entity: Entity,
	schemas: Schemas
): EventContract<Entity, Schemas> {
	for (const [name, schema] of Object.entries(schemas)) eventSchemas.set(`${entity}.${name}`, schema);
	return { entity, schemas };
}

/** The schema of an event's data, where its contract is loaded in this process. */
export const eventSchema = (type: string): z.ZodType | undefined => eventSchemas.get(type);

/** `order.events` for `order.created`. */
export const topicOf = (type: string): string => `${type.slice(0, type.indexOf("."))}.events`;

/** A contract's action as JSON, for whoever routes or documents it without importing it. */
export interface ActionDescription
	extends Pick<
		ActionSpec,
		"summary" | "rest" | "status" | "access" | "idempotencyKey" | "waits" | "stream" | "page" | "untraced" | "rawBody"
	> {
	name: string;
	params: Record<string, unknown>;
	result: Record<string, unknown>;
	refuses: { code: string; status: number; title: string }[];
}

/** Describes every action of a contract with JSON schemas (draft 2020-12). */
export function describe(contract: Contract): ActionDescription[] {
	return Object.entries(contract.actions).map(([verb, spec]) => ({
		name: `${contract.name}.${verb}`,
		summary: spec.summary,
		rest: spec.rest,
		status: spec.status ?? 200,
		access: spec.access,
		idempotencyKey: spec.idempotencyKey,
		waits: spec.waits,
		stream: spec.stream,
		page: spec.page,
		untraced: spec.untraced,
		rawBody: spec.rawBody,
		params: z.toJSONSchema(spec.params, { io: "input", unrepresentable: "any" }) as Record<string, unknown>,
		result: z.toJSONSchema(spec.result, { io: "output", unrepresentable: "any" }) as Record<string, unknown>,
		refuses: (spec.refuses ?? []).map(refusal => {
			const sample = new refusal();
			return { code: sample.type, status: sample.code, title: titleOf(refusal.name) };
		})
	}));
}

/** "Order not found" for `OrderNotFound`: the title of a refusal is its class, said in words. */
export const titleOf = (className: string): string =>
	className.replace(/(?!^)[A-Z]/g, letter => ` ${letter.toLowerCase()}`);
