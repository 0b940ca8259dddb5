import type { Handler } from "../../broker/service.ts";
import type { ApiService } from "./gateway.ts";

/** What a process says of itself to the others. */
interface Node {
	id: string;
	hostname: string;
	metadata: { health?: string };
}

export const services: Handler<"api.services", ApiService> = function () {
	const nodes = new Map(
		(this.broker.registry.getNodeList({ onlyAvailable: true }) as unknown as Node[]).map(node => [node.id, node])
	);
	const routes = Map.groupBy(this.endpoints, ({ action }) => action.name.slice(0, action.name.lastIndexOf(".")));
	const items = Object.entries(this.directory.instances()).map(([name, ids]) => ({
		name,
		// Each answers under every version of the API.
		routes: [...new Set((routes.get(name) ?? []).map(({ action }) => action.rest!))],
		instances: ids.flatMap(id => {
			const node = nodes.get(id);
			return node ? [{ node: id, host: node.hostname, health: node.metadata.health }] : [];
		})
	}));
	return Promise.resolve({ items });
};
