import { parseArgs } from "node:util";
import { ConfigurationError } from "../../broker/env.ts";

export interface ClusterOptions {
	command: "start" | "status" | "roll" | "help";
	/** How many processes each service gets, where it is not one. */
	scale: ReadonlyMap<string, number>;
	/** Where stores are kept, where it is said: `sqlite` or `postgres`. */
	store: string | undefined;
}

export const HELP = `npm run cluster                         a process a service on this machine, over NATS
npm run cluster -- --scale api=2,…      so many processes of a service
npm run cluster -- --store postgres     stores in Postgres, which services with several processes need
npm run cluster -- --status             who runs, where, and whether it is ready
npm run cluster -- --roll               restart all processes of the running cluster, one at a time
npm run node -- orders                  one more process, by hand
`;

/** What the command line asks for. Throws ConfigurationError. */
export function optionsFrom(args: readonly string[], services: readonly string[]): ClusterOptions {
	const { scale = [], store, status, roll, help } = parsed(args);
	if (store !== undefined && store !== "sqlite" && store !== "postgres")
		throw new ConfigurationError(`--store is sqlite or postgres, not ${store}`);
	const counts = scale
		.flatMap(list => list.split(","))
		.map(one => {
			const [, name = "", count = ""] = /^([a-z]+)=([1-9]\d?)$/.exec(one.trim()) ?? [];
			if (!services.includes(name))
				throw new ConfigurationError(
					`--scale takes <service>=<1 to 99>, not ${one}; services are ${services.join(", ")}`
				);
			return [name, Number(count)] as const;
		});
	const command = help ? "help" : status ? "status" : roll ? "roll" : "start";
	return { command, scale: new Map(counts), store };
}

function parsed(args: readonly string[]) {
	try {
		return parseArgs({
			args: [...args],
			options: {
				scale: { type: "string", multiple: true },
				store: { type: "string" },
				status: { type: "boolean" },
				roll: { type: "boolean" },
				help: { type: "boolean", short: "h" }
			}
		}).values;
	} catch (error) {
		throw new ConfigurationError(`${(error as Error).message}\n\n${HELP}`);
	}
}
