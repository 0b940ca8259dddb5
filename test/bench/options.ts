import { parseArgs } from "node:util";
import { serviceNames } from "../../broker/node.ts";
import { optionsFrom } from "../../scripts/cluster/options.ts";
import { LAYOUTS, type Layout } from "./layouts.ts";

export interface BenchOptions {
	layouts: Layout[];
	/** What layout C has more processes of, when it is measured a second time. */
	scale: string;
	/** How long each measurement takes. */
	seconds: number;
	json: boolean;
}

const HOT = "orders=2,inventory=2,payments=2";

export const HELP = `npm run bench                       one process, next to bare servers
npm run bench -- --layout B         a process a service over NATS; C: over Postgres, with one and with more processes
npm run bench -- --layout A,B,C     all in one run, and ratios to A
  --scale orders=2,…                what layout C has more processes of (${HOT})
  --seconds 5                       how long each measurement takes
  --json                            the figures, for programs
`;

/** What the command line asks for; undefined when it asks for help. Throws what is wrong with it, in words. */
export async function benchOptions(args: string[]): Promise<BenchOptions | undefined> {
	const { values: given } = parseArgs({
		args,
		options: {
			layout: { type: "string", default: "A" },
			scale: { type: "string", default: HOT },
			seconds: { type: "string", default: "5" },
			json: { type: "boolean", default: false },
			help: { type: "boolean", short: "h", default: false }
		}
	});
	if (given.help) return undefined;
	const layouts = given.layout.split(",") as Layout[];
	const unknown = layouts.find(layout => !LAYOUTS.includes(layout));
	if (unknown !== undefined) throw new Error(`--layout takes A, B, C, or several of them, not ${unknown || "nothing"}`);
	const seconds = Number(given.seconds);
	if (!(seconds >= 1 && seconds <= 600)) throw new Error(`--seconds takes 1 to 600, not ${given.seconds}`);
	optionsFrom(["--scale", given.scale], await serviceNames());
	return { layouts, scale: given.scale, seconds, json: given.json };
}
