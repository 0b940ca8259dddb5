import type { ServiceBroker } from "moleculer";
import type { ActionDescription } from "../../broker/contract.ts";
import type { ServedAction } from "../../broker/service.ts";

/**
 * What the services of the network say of themselves. A service that goes is remembered: its routes then answer that it
 * is away, not that they never were.
 */
export class Directory {
	readonly #broker: ServiceBroker;
	readonly #known = new Map<string, ActionDescription[]>();

	constructor(broker: ServiceBroker) {
		this.#broker = broker;
	}

	/** Asks every service that has contracts. False when one did not answer; what it said before stands. */
	async ask(): Promise<boolean> {
		const answers = await Promise.all(this.#describing().map(service => this.#askOne(service)));
		return answers.every(answered => answered);
	}

	/** Whether all of these have been met. */
	knows(services: readonly string[]): boolean {
		return services.every(service => this.#known.has(service));
	}

	/** All actions, ordered by service, so that every gateway builds the same routes. */
	actions(): ActionDescription[] {
		return [...this.#known.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).flatMap(([, actions]) => actions);
	}

	/** The nodes where each service that was ever met can be called now. */
	instances(): Record<string, string[]> {
		const here = this.#broker.registry.getServiceList({ onlyAvailable: true }) as { name: string; nodeID: string }[];
		const nodesOf = (service: string) => here.filter(({ name }) => name === service).map(({ nodeID }) => nodeID);
		return Object.fromEntries([...this.#known.keys()].sort().map(service => [service, nodesOf(service).sort()]));
	}

	#describing(): string[] {
		return this.#broker.registry
			.getActionList({ onlyAvailable: true })
			.filter(({ action }) => (action as ServedAction | undefined)?.describes)
			.map(({ name }) => name.slice(0, name.lastIndexOf(".")));
	}

	async #askOne(service: string): Promise<boolean> {
		try {
			this.#known.set(service, (await this.#broker.call(`${service}.contract`)) as ActionDescription[]);
			return true;
		} catch (error) {
			this.#broker.logger.warn(`The service ${service} does not say what it does`, error);
			return false;
		}
	}
}
