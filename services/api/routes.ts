import type { ActionDescription } from "../../broker/contract.ts";
import { oldAddresses } from "./compatibility.ts";
import { CURRENT, translator, VERSIONS, type JsonSchema, type Version } from "./versions.ts";

/** One address that leads to an action. */
export interface Endpoint {
	readonly method: string;
	/** The whole path, with its parameters: `/api/v2/orders/:id`. */
	readonly path: string;
	readonly action: ActionDescription;
	readonly version: Version;
	/** The path's parameters. */
	readonly parameters: readonly string[];
	/** Puts the result into the version's shape. */
	readonly translate?: ((result: unknown) => unknown) | undefined;
	/** Where one of what is created here is found: `/api/v2/orders`. */
	readonly collection?: string | undefined;
	/** An address of an earlier system, and the service it named in its answers. */
	readonly old?: { readonly service?: string } | undefined;
}

/** Every address of every action that has a route. Internal actions have none, whatever they say. */
export function endpointsOf(actions: readonly ActionDescription[]): Endpoint[] {
	const routed = actions.filter(({ rest, access }) => rest && access !== "internal");
	const known = new Set(routed.map(({ rest }) => rest!.replace(/:\w+/g, ":")));
	const hasOne = (collection: string): boolean => known.has(`GET ${collection.replace(/:\w+/g, ":")}/:`);
	// What is made below something else may be found beside it: `POST /orders/:id/returns` makes a `GET /returns/:id`.
	const collectionOf = (path: string): string | undefined =>
		[path, path.slice(path.lastIndexOf("/"))].find(collection => hasOne(collection));
	return routed.flatMap(action => {
		const [method = "", path = ""] = action.rest!.split(" ");
		const collection = method === "POST" ? collectionOf(path) : undefined;
		const at = (address: string, version: Version, old?: Endpoint["old"]): Endpoint => ({
			method,
			path: address,
			action,
			version,
			parameters: [...address.matchAll(/:(\w+)/g)].map(([, name]) => name!),
			translate: translator(version, action.result as JsonSchema),
			collection: collection && (collection === path ? address : `/api/${version}${collection}`),
			old
		});
		if (path.startsWith("//")) return [at(path.slice(1), CURRENT)];
		return [
			...VERSIONS.map(version => at(`/api/${version}${path}`, version)),
			...oldAddresses(method, path).map(({ path: address, service }) => at(address, CURRENT, { service }))
		];
	});
}
