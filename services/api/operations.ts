import { serviceContext } from "../../broker/context.ts";
import { DeadLetterNotFound, type DeadLetter } from "../../broker/dead-letters.ts";
import type { Handler } from "../../broker/service.ts";
import type { ApiService } from "./gateway.ts";

type AskAny = <Answer>(action: string, params: object) => Promise<Answer>;

/** The gateway asks in its own name: what it asks is internal, and who may ask it was decided before. */
const asking = (gateway: ApiService, requestId: string | null): AskAny => {
	const ctx = serviceContext(gateway, requestId ?? "operations");
	return (action, params) => ctx.call(action as never, params as never);
};

/** The services that keep dead letters and can be reached. */
const keepers = ({ broker, name }: ApiService): string[] =>
	broker.registry
		.getActionList({ onlyAvailable: true })
		.map(action => /^(.+)\.deadLetters$/.exec(action.name)?.[1] ?? name)
		.filter(service => service !== name);

export const deadLetters: Handler<"api.deadLetters", ApiService> = async function (ctx) {
	const ask = asking(this, ctx.requestID);
	const degraded: string[] = [];
	const found = await Promise.all(
		keepers(this).map(async service => {
			try {
				return await ask<DeadLetter[]>(`${service}.deadLetters`, ctx.params);
			} catch (error) {
				this.logger.warn(`The dead letters of ${service} could not be read`, error);
				degraded.push(service);
				return [];
			}
		})
	);
	const items = found
		.flat()
		.sort((a, b) => (a.parkedAt < b.parkedAt ? 1 : -1))
		.slice(0, ctx.params.limit);
	return degraded.length > 0 ? { items, degraded } : { items };
};

export const retryDeadLetter: Handler<"api.retryDeadLetter", ApiService> = async function (ctx) {
	const { service, number } = keeperOf(this, ctx.params.id);
	const { data } = ctx.params;
	await asking(this, ctx.requestID)(`${service}.retryDeadLetter`, data ? { number, data } : { number });
	return { id: ctx.params.id, status: "RETRIED" };
};

export const discardDeadLetter: Handler<"api.discardDeadLetter", ApiService> = async function (ctx) {
	const { service, number } = keeperOf(this, ctx.params.id);
	await asking(this, ctx.requestID)(`${service}.discardDeadLetter`, { number });
	return { id: ctx.params.id, status: "DISCARDED" };
};

function keeperOf(gateway: ApiService, id: string): { service: string; number: number } {
	const dash = id.lastIndexOf("-");
	const service = id.slice(0, dash);
	if (!keepers(gateway).includes(service)) throw new DeadLetterNotFound(id);
	return { service, number: Number(id.slice(dash + 1)) };
}
