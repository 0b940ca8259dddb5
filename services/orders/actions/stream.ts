import { Readable } from "node:stream";
import type { Handler } from "../../../broker/service.ts";
import { isSettled } from "../order.ts";
import type { OrdersService } from "../orders.service.ts";
import { factsOf, find, subjectOf } from "../orders.store.ts";
import { stepsOf } from "../sagas.store.ts";

const LOOK_AGAIN_MS = 250;

/** An order's steps and facts as they happen, until it is settled. */
export const stream: Handler<"orders.stream", OrdersService> = async function (ctx) {
	const order = await find(this.store, ctx.params.id);
	ctx.assertOwner(order.userId);
	return Readable.from(follow(this, order.id));
};

async function* follow(orders: OrdersService, id: number): AsyncGenerator<string> {
	let steps = 0;
	let version = 0;
	for (;;) {
		const woken = orders.waiters.wait(id, LOOK_AGAIN_MS);
		// The order is read first: what its steps and facts say is then at least as new.
		const order = await find(orders.store, id);
		const [taken, facts] = await Promise.all([
			stepsOf(orders.store, { subject: subjectOf(id) }),
			factsOf(orders.store, id)
		]);
		const news = [
			...taken.slice(steps).map(step => ({ event: "step", at: step.at, data: step })),
			...facts.slice(version).map(fact => ({ event: `order.${fact.type}`, at: fact.at, data: fact }))
		].toSorted((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0));
		for (const { event, data } of news) yield `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
		steps = taken.length;
		version = facts.length;
		if (isSettled(order)) return;
		await woken;
	}
}
