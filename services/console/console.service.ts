import type { Service } from "moleculer";
import { type Handler, serve, service } from "../../broker/service.ts";
import { console } from "./console.contract.ts";
import { TraceNotFound } from "./console.errors.ts";
import { rootOf, Traces } from "./traces.ts";

export type ConsoleService = Service & { traces: Traces };

const collect: Handler<"console.collect", ConsoleService> = function ({ params }) {
	this.traces.add(params.spans);
	return Promise.resolve(null);
};

const traces: Handler<"console.traces", ConsoleService> = function ({ params }) {
	return Promise.resolve({ items: this.traces.list(params) });
};

const trace: Handler<"console.trace", ConsoleService> = async function ({ params: { id } }) {
	const spans = this.traces.find(id);
	if (!spans) throw new TraceNotFound(id);
	const { traceId, requestId } = rootOf(spans);
	return { traceId, requestId, spans: [...spans] };
};

export default service<ConsoleService>({
	name: "console",
	actions: serve(console, { collect, traces, trace }),
	created() {
		this.traces = new Traces();
	}
});
