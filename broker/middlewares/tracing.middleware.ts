import type { ActionHandler, ActionSchema, Context, Middleware, ServiceBroker } from "moleculer";
import type { SoukContext } from "../context.ts";
import { runtimeOf } from "../runtime.ts";

/** Makes a span of each action that is handled for a trace that is recorded: within the caller's, wherever that one is. */
export const tracingMiddleware: Middleware = {
	name: "Tracing",
	localAction(this: ServiceBroker, next: ActionHandler, { name = "", service }: ActionSchema) {
		const { tracer } = runtimeOf(this);
		return (moleculerContext: Context) => {
			const ctx = moleculerContext as unknown as SoukContext;
			const deed = { kind: "call", name, service: service?.name ?? "", requestId: ctx.requestID ?? ctx.id } as const;
			return tracer.span(deed, ctx.traceparent, traceparent => {
				ctx.locals.traceparent = traceparent;
				return next.call(undefined as never, moleculerContext) as Promise<unknown>;
			});
		};
	}
} as Middleware;
