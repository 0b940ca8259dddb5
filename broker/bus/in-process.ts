import { crash } from "../crash.ts";
import type { SoukEvent } from "../event.ts";
import type { Bus, Consumer } from "./bus.ts";

/**
 * The wire of a single process: it holds nothing itself, so it answers for an event only when every consumer has it in
 * its own store. Until then the publisher's outbox keeps the row, and a restart delivers again.
 */
export class InProcessBus implements Bus {
	readonly #consumers: Consumer[] = [];
	readonly #lanes = new Map<string, Promise<void>>();

	subscribe(consumer: Consumer): void {
		this.#consumers.push(consumer);
	}

	async publish(event: SoukEvent): Promise<void> {
		const hearing = this.#consumers.filter(consumer => consumer.hears(event.type));
		await Promise.all(hearing.map(consumer => this.#inLane(consumer, event)));
		crash("bus:after-delivery-before-answer");
	}

	// A lane a consumer and subject: a slow or parked consumer holds back nobody else.
	#inLane(consumer: Consumer, event: SoukEvent): Promise<void> {
		const name = `${consumer.name} ${event.subject}`;
		const before = this.#lanes.get(name);
		const delivery = before ? before.then(() => consumer.receive(event)) : consumer.receive(event);
		const end: Promise<void> = delivery.finally(() => {
			if (this.#lanes.get(name) === end) this.#lanes.delete(name);
		});
		this.#lanes.set(name, end);
		end.catch(() => undefined);
		return end;
	}
}
