import { crash } from "../crash.ts";
import type { SoukEvent } from "../event.ts";
import type { Bus, Consumer } from "./bus.ts";
import { Lanes } from "./lanes.ts";

/**
 * The wire of a single process: it holds nothing itself, so it answers for an event only when every consumer has it in
 * its own store. Until then the publisher's outbox keeps the row, and a restart delivers again.
 */
export class InProcessBus implements Bus {
	readonly #consumers: Consumer[] = [];
	// A lane a consumer and subject: a slow or parked consumer holds back nobody else.
	readonly #lanes = new Lanes();

	subscribe(consumer: Consumer): void {
		this.#consumers.push(consumer);
	}

	async publish(event: SoukEvent): Promise<void> {
		const hearing = this.#consumers.filter(consumer => consumer.hears(event.type));
		await Promise.all(
			hearing.map(consumer => this.#lanes.run(`${consumer.name} ${event.subject}`, () => consumer.receive(event)))
		);
		crash("bus:after-delivery-before-answer");
	}
}
