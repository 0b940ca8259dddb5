import type { Service } from "moleculer";
import { serviceContext, type Ctx } from "../broker/context.ts";
import type { Events, EventType } from "../broker/contract.ts";
import { deadLetterActions, listDeadLetters, type DeadLetter } from "../broker/dead-letters.ts";
import { Inbox, type Handle } from "../broker/inbox.ts";
import { runtimeOf } from "../broker/runtime.ts";
import { part, served, type EventHandler, type Part } from "../broker/service.ts";
import type { OutboxService } from "./outbox.mixin.ts";

export type InboxService = OutboxService & { inbox: Inbox };

/** Handlers by the type of event they hear; `*` hears what no other does. */
export type Hears = { [Type in EventType]?: EventHandler<Type, never> } & { "*"?: EventHandler<EventType, never> };

/** An event is handled once, however often it arrives; what cannot be handled is parked, and seen to with these methods. */
export const inbox = (hears: Hears): Part =>
	part<InboxService>({
		// In the registry, for whoever draws who hears whom.
		metadata: { hears: Object.keys(hears) },
		actions: served(deadLetterActions, { deadLetters, retryDeadLetter, discardDeadLetter }),
		async started() {
			const { bus, events: meter, ready, quieting } = runtimeOf(this.broker);
			const handlers = new Map<string, Handle>();
			for (const [type, handler] of Object.entries(hears))
				handlers.set(type, (event, ctx) => (handler as EventHandler<keyof Events, Service>).call(this, event, ctx));
			this.inbox = new Inbox({
				service: this.name,
				store: this.store,
				logger: this.logger,
				handlers,
				meter,
				callFor: event => {
					const ctx = serviceContext(this, event.correlationid, event.traceparent);
					return (name, params, options) => ctx.call(name, params, options);
				}
			});
			await this.inbox.begin();
			bus.subscribe(this.inbox);
			ready.push(() => this.inbox.resume());
			quieting.push(() => this.inbox.stop());
		}
	});

async function deadLetters(
	this: InboxService,
	ctx: Ctx<{ status?: DeadLetter["status"]; limit: number }>
): Promise<DeadLetter[]> {
	return listDeadLetters(this.store, ctx.params.limit, ctx.params.status);
}

async function retryDeadLetter(
	this: InboxService,
	ctx: Ctx<{ number: number; data?: Record<string, unknown> }>
): Promise<null> {
	await this.inbox.retry(ctx.params.number, ctx.params.data);
	return null;
}

async function discardDeadLetter(this: InboxService, ctx: Ctx<{ number: number }>): Promise<null> {
	await this.inbox.discard(ctx.params.number);
	return null;
}
