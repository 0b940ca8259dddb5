import type { Middleware, ServiceBroker } from "moleculer";
import { runtimeOf } from "../runtime.ts";

/** Starts what runs on its own once all services are there, and quiets it first when the process stops. */
export const lifecycleMiddleware: Middleware = {
	name: "Lifecycle",
	async started(broker: ServiceBroker) {
		for (const begin of runtimeOf(broker).ready) await begin();
	},
	async stopping(broker: ServiceBroker) {
		for (const quiet of runtimeOf(broker).quieting.toReversed()) await quiet();
	}
};
