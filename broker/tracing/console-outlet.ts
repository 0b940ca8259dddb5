import type { ServiceBroker } from "moleculer";
import type { Outlet } from "./tracer.ts";

const PATIENCE_MS = 1_000;

/** To the console, wherever that is. Where it is away there is no call, as each would be a line in the log. */
export const toConsole =
	(broker: ServiceBroker): Outlet =>
	async spans => {
		if (!broker.registry.getActionEndpoints("console.collect")?.hasAvailable()) throw new Error("There is no console");
		// No trace comes with it, so that it is in none.
		await broker.call("console.collect", { spans }, { timeout: PATIENCE_MS });
	};
