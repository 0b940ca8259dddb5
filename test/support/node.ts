import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ServiceBroker, type ServiceSchema } from "moleculer";
import type { Call, Ctx } from "../../broker/context.ts";
import type { Contract, EventType } from "../../broker/contract.ts";
import type { Consumer } from "../../broker/bus/bus.ts";
import { readEnv } from "../../broker/env.ts";
import type { SoukEvent } from "../../broker/event.ts";
import { runtimeOf } from "../../broker/runtime.ts";
import { serve, service } from "../../broker/service.ts";
import { brokerOptions } from "../../moleculer.config.ts";
import { dropStores, storeSettings } from "./stores.ts";

/** A process with real stores in a temporary folder, for one spec. */
export interface TestNode {
	broker: ServiceBroker;
	dataDir: string;
	call: Call;
	/** Every event that was committed and delivered, in the order it came. */
	heard: SoukEvent[];
	of<Type extends EventType>(type: Type): SoukEvent<Type>[];
	/** Delivers an event as the bus would. */
	publish(event: SoukEvent): Promise<void>;
	/** Stops without removing the stores; `again` starts over on them. */
	stop(): Promise<void>;
	close(): Promise<void>;
}

interface NodeOptions {
	dataDir?: string;
	env?: Record<string, string>;
	/** How long a call may take, in milliseconds. How busy the machine is concerns no spec but one about time. */
	patience?: number;
}

/** Starts a broker with the given services and stubs. */
export async function node(
	services: ServiceSchema[],
	{ dataDir, env = {}, patience = 60_000 }: NodeOptions = {}
): Promise<TestNode> {
	const folder = dataDir ?? mkdtempSync(join(tmpdir(), "souk-"));
	const settings = readEnv({
		NODE_ENV: "test",
		DATA_DIR: folder,
		SEED_DEMO: "off",
		LOG_LEVEL: "fatal",
		PORT: "0",
		...storeSettings(folder),
		...env
	});
	const broker = new ServiceBroker({ ...brokerOptions(settings), requestTimeout: patience, logger: false });
	const { bus } = runtimeOf(broker, settings);
	const heard: SoukEvent[] = [];
	const ear: Consumer = {
		name: "spec",
		hears: () => true,
		receive: event => {
			heard.push(event);
			return Promise.resolve();
		}
	};
	bus.subscribe(ear);
	for (const schema of services) broker.createService(schema);
	await broker.start();
	return {
		broker,
		dataDir: folder,
		call: ((name: string, params: unknown, options?: object) => broker.call(name, params, options)) as Call,
		heard,
		of: type => heard.filter(event => event.type === type) as never,
		publish: event => bus.publish(event),
		stop: () => broker.stop(),
		close: async () => {
			await broker.stop();
			rmSync(folder, { recursive: true, force: true });
			dropStores(folder);
		}
	};
}

/** A neighbour made from its contract: its actions answer what the spec says, and are checked against the contract. */
export function stub(
	contract: Contract,
	handlers: Record<string, (params: never, ctx: Ctx) => unknown>
): ServiceSchema {
	const given = { ...contract, actions: pick(contract.actions, Object.keys(handlers)) };
	const actions = Object.fromEntries(
		Object.entries(handlers).map(([verb, answer]) => [
			verb,
			(ctx: Ctx) => Promise.resolve().then(() => answer(ctx.params as never, ctx))
		])
	);
	return service({ name: contract.name, actions: serve(given, actions as never) });
}

const pick = <T>(from: Record<string, T>, keys: string[]): Record<string, T> =>
	Object.fromEntries(
		keys.map(key => {
			if (!from[key]) throw new Error(`The contract has no ${key}`);
			return [key, from[key]];
		})
	);

/** A call made on behalf of a signed-in user, as the gateway makes it. */
export function as(
	node: TestNode,
	user: { userId: number; roles?: readonly ("customer" | "staff" | "admin")[] } | "anonymous",
	headers: Record<string, string> = {}
): Call {
	const identity =
		user === "anonymous"
			? { kind: "anonymous" }
			: { kind: "user", userId: user.userId, roles: user.roles ?? ["customer"] };
	return ((name: string, params: unknown, options?: object) => {
		const parentCtx = node.broker.ContextFactory.create(node.broker);
		parentCtx.locals.identity = Object.freeze(identity);
		return node.broker.call(name, params as object, { parentCtx, headers, ...options });
	}) as Call;
}

let sequence = 0;

/** An event as a neighbour would have committed it. */
export function event<Type extends EventType>(
	type: Type,
	subject: string,
	data: SoukEvent<Type>["data"],
	id = `0190${String(++sequence).padStart(4, "0")}-0000-7000-8000-000000000000`
): SoukEvent<Type> {
	const time = new Date().toISOString();
	return { specversion: "1.0", id, source: "/souk/spec", type, subject, time, correlationid: "spec", data };
}
