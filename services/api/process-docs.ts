import type { ServiceBroker } from "moleculer";
import type { ActionDescription } from "../../broker/contract.ts";
import type { Document } from "../../broker/health-server.ts";
import { DOCS_POLICY, docFiles } from "./docs.ts";
import { openApi } from "./openapi.ts";
import { endpointsOf } from "./routes.ts";
import { CURRENT, VERSIONS } from "./versions.ts";

const versions = new Map([
	["/openapi.json", CURRENT],
	...VERSIONS.map(version => [`/api/${version}/openapi.json`, version] as const)
]);

/** Shows what the services of one process answer to, as the gateway shows all of them. Only the gateway takes requests. */
export function processDocs(broker: ServiceBroker): (path: string) => Promise<Document | undefined> {
	const files = docFiles();
	return async path => {
		const version = versions.get(path);
		if (version) {
			const names = broker.services.map(({ name }) => name);
			const said = await Promise.all(
				names.map(name => broker.call(`${name}.contract`) as Promise<ActionDescription[]>)
			);
			const body = JSON.stringify(openApi(version, endpointsOf(said.flat()), []));
			return { type: "application/json; charset=utf-8", body };
		}
		const file = files.get(path);
		return file && { type: file.type, body: await file.body(), policy: DOCS_POLICY };
	};
}
