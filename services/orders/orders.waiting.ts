import { isSettled } from "./order.ts";
import type { Order } from "./orders.contract.ts";
import type { OrdersService } from "./orders.service.ts";
import { find } from "./orders.store.ts";

/** How long a waiter relies on being woken; an order may move in another process. */
const LOOK_AGAIN_MS = 500;

/** The order once it is settled, or as it stands after `ms`. */
export async function untilSettled(orders: OrdersService, id: number, ms: number): Promise<Order> {
	const end = Date.now() + ms;
	for (;;) {
		const moved = orders.waiters.wait(id, Math.min(LOOK_AGAIN_MS, Math.max(1, end - Date.now())));
		const order = await find(orders.store, id);
		if (isSettled(order) || Date.now() >= end) return order;
		const now = await moved;
		if (now && isSettled(now)) return now;
	}
}

/** Those who wait in this process until something happens to an order. A lost wake-up only costs the pause. */
export class Waiters {
	readonly #waiting = new Map<number, Set<(order?: Order) => void>>();

	/** Resolves to the order when it moves in this process, to nothing after `ms`. */
	wait(id: number, ms: number): Promise<Order | undefined> {
		return new Promise(resolve => {
			const waiting = this.#waiting.get(id) ?? new Set();
			this.#waiting.set(id, waiting);
			const done = (order?: Order) => {
				clearTimeout(timer);
				waiting.delete(done);
				if (waiting.size === 0) this.#waiting.delete(id);
				resolve(order);
			};
			const timer = setTimeout(() => done(), ms);
			waiting.add(done);
		});
	}

	wake(order: Order): void {
		for (const done of [...(this.#waiting.get(order.id) ?? [])]) done(order);
	}
}
