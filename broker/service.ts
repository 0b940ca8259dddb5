import type { ActionSchema, Context, Service, ServiceSchema } from "moleculer";
import type { Call, Ctx, Origin } from "./context.ts";
import {
	describe,
	type Access,
	type ActionName,
	type Actions,
	type ActionSpec,
	type Contract,
	type EventType
} from "./contract.ts";
import type { SoukEvent } from "./event.ts";
import type { Unit } from "./sql/store.ts";

/** What serves one action: parameters, result and `this` follow from its name. */
export type Handler<Name extends ActionName, Self = Service> = (
	this: Self,
	ctx: Ctx<Actions[Name]["params"]>
) => Promise<Actions[Name]["result"]>;

/** What a handler of events is given. */
export interface EventCtx {
	readonly call: Call;
	readonly origin: Origin;
	/**
	 * The one unit of work of this delivery: the mark that the event was handled commits with what `work` does. Does
	 * nothing, and resolves to undefined, when the event was handled before. What is done outside it may happen again.
	 */
	once<T>(work: (unit: Unit) => Promise<T>): Promise<T | undefined>;
}

/** What hears one type of event. It skips an event that is not its business by returning before `ctx.once`. */
export type EventHandler<Type extends EventType, Self = Service> = (
	this: Self,
	event: SoukEvent<Type>,
	ctx: EventCtx
) => Promise<void>;

export type Logger = Service["logger"];

/** A part of a service that a mixin adds. */
export type Part = Partial<ServiceSchema>;

/** A Moleculer schema in which `this` is what the mixins make of the service. */
interface Schema<Self> {
	mixins?: Part[];
	model?: object | undefined;
	settings?: Record<string, unknown>;
	metadata?: Record<string, unknown>;
	actions?: Record<string, ActionSchema>;
	/** Moleculer's own, which may be lost: only ever a hint. What must arrive goes through the outbox. */
	events?: Record<string, (this: Self, ctx: Context<never>) => void>;
	methods?: Record<string, (this: Self, ...args: never[]) => unknown>;
	created?(this: Self): void;
	started?(this: Self): void | Promise<void>;
	stopped?(this: Self): void | Promise<void>;
}

/** A mixin, typed by the service it makes. */
export const part = <Self>(schema: Schema<Self>): Part => schema as unknown as Part;

/** A service, typed by what its mixins make of it. They start in the order they are named; Moleculer's own is the reverse. */
export const service = <Self>(schema: Schema<Self> & { name: string }): ServiceSchema =>
	({ ...schema, mixins: schema.mixins?.toReversed() }) as unknown as ServiceSchema;

/** What Souk adds to the schema of an action. */
export interface ServedAction {
	rest?: string;
	access?: Access;
	/** Behind a function: Moleculer clones schemas, zod does not survive it, and registry packets stay small. */
	spec?: () => ActionSpec;
	/** The action answers the service's contracts. */
	describes?: true;
}

type HandlersOf<Name extends string, Specs> = {
	[K in keyof Specs & string]: (
		this: never,
		ctx: Ctx<Actions[Extract<`${Name}.${K}`, ActionName>]["params"]>
	) => Promise<Actions[Extract<`${Name}.${K}`, ActionName>]["result"]>;
};

/** Turns specifications and their handlers into actions that the contract middleware holds to them. */
export function served<Specs extends Record<string, ActionSpec>>(
	specs: Specs,
	handlers: { [K in keyof Specs & string]: (this: never, ctx: never) => Promise<unknown> }
): Record<string, ActionSchema> {
	const actions: Record<string, ActionSchema & ServedAction> = {};
	for (const [verb, spec] of Object.entries(specs))
		actions[verb] = {
			rest: spec.rest,
			access: spec.access,
			spec: () => spec,
			handler: handlers[verb] as unknown as ActionSchema["handler"]
		};
	return actions;
}

/** Turns a contract and its handlers, one for each action and no more, into the actions of a Moleculer service. */
export function serve<Name extends string, Specs extends Record<string, ActionSpec>>(
	contract: Contract<Name, Specs>,
	handlers: HandlersOf<Name, Specs>
): Record<string, ActionSchema> {
	return {
		contract: { describes: true, handler: () => describe(contract) } as ActionSchema & ServedAction,
		...served(contract.actions, handlers)
	};
}
