import type { ApiService } from "./gateway.ts";
import { pages } from "./pages.ts";
import { RouteTable } from "./route-table.ts";
import { endpointsOf } from "./routes.ts";

/** Builds the routes anew from what the services say: aliases of moleculer-web, and a table that finds them fast. */
export function build(gateway: ApiService): void {
	const table: ApiService["table"] = new RouteTable();
	for (const page of pages) table.add("GET", page.path, page);
	const aliases: Record<string, string> = {};
	const endpoints = endpointsOf(gateway.directory.actions()).filter(endpoint => {
		const { method, path, action } = endpoint;
		const free = table.add(method, path, endpoint);
		if (free) aliases[`${method} ${path}`] = action.name;
		else gateway.logger.warn(`${method} ${path} is taken; ${action.name} cannot have it too`);
		return free;
	});
	gateway.addRoute({ path: "/", mappingPolicy: "restrict", aliases, bodyParsers: false, logging: false });
	gateway.table = table;
	gateway.endpoints = endpoints;
}
