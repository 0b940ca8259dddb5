import { compare, type Measured } from "./compare.ts";
import { asJson, printComparison } from "./comparison.ts";
import { missing } from "./layouts.ts";
import { oneProcess } from "./one-process.ts";
import { type BenchOptions, benchOptions, HELP } from "./options.ts";
import { stopAll, stopOnSignals } from "./owned.ts";

const options = await benchOptions(process.argv.slice(2)).catch((error: Error) => end(error.message));
if (!options) end(HELP, 0);
const absent = missing(options.layouts);
if (absent.length > 0) end(absent.join("\n"));

stopOnSignals();
try {
	const clean = await (options.layouts.join() === "A" ? oneProcess(options) : comparison(options));
	// Programs find the errors among the figures.
	if (!clean && !options.json) process.exitCode = 1;
} finally {
	await stopAll();
}

/** Resolves to whether all was answered. */
async function comparison(options: BenchOptions): Promise<boolean> {
	const systems: Measured[] = [];
	try {
		await compare(options, systems);
	} finally {
		if (options.json) process.stdout.write(asJson(systems, options));
		else if (systems.length > 0) printComparison(systems);
	}
	return systems.every(({ figures }) => figures.every(({ errors }) => errors === 0));
}

function end(words: string, code = 1): never {
	process[code === 0 ? "stdout" : "stderr"].write(`${words.trimEnd()}\n`);
	process.exit(code);
}
