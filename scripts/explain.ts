import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { processEnv } from "../broker/env.ts";
import { findFlow, type Found } from "../services/console/web/flow-source.js";
import { inBrief, lengthOf, rowsOf, type Row } from "../services/console/web/flow.js";
import { Client, LoginRefused } from "./support/client.ts";

// Tells what one request led to, as the console's page shows it: by the number of the order that it placed, by its id or
// that of its trace.

const HELP = `npm run explain -- <order number | request id | trace id> [--brief] [--url http://127.0.0.1:8000] [--email admin@souk.test] [--password-file <file>]

Each line stands beneath what led to it: when it began, how long it took where that was recorded, what it was, and whose.
--brief leaves out what goes on inside the services. ✗ failed, ← took back what was done before. Exit: 0 told, 1 nothing is known of it, 2 options unusable or Souk not to be asked.`;

const { values, positionals } = parseArgs({
	options: {
		brief: { type: "boolean", default: false },
		url: { type: "string" },
		email: { type: "string", default: "admin@souk.test" },
		"password-file": { type: "string" },
		help: { type: "boolean" }
	},
	allowPositionals: true
});
const [reference] = positionals;
if (values.help || !reference || positionals.length > 1) {
	console.error(HELP);
	process.exit(values.help ? 0 : 2);
}

/** What a row is, where its name does not say it. */
const DEEDS: Partial<Record<Row["kind"], string>> = { unit: "commit ", step: "step ", saga: "saga " };

const env = processEnv();
const origin = values.url ?? `http://${env.HOST}:${env.PORT}`;
const client = new Client(origin, line => console.error(line));
try {
	const password = values["password-file"] ? readFileSync(values["password-file"], "utf8").trim() : env.DEMO_PASSWORD;
	const token = await client.logIn(values.email, password);
	const found = await findFlow(path => client.ask(path, { token }), reference);
	if (found) tell(found);
	else console.error(`Nothing is known of ${reference}.`);
	process.exitCode = found ? 0 : 1;
} catch (error) {
	const { message } = error as Error;
	// What `fetch` throws when nobody answers.
	if (error instanceof TypeError && message === "fetch failed")
		console.error(`Nothing answers at ${origin}. Start Souk first, in another terminal:  npm start`);
	else if (error instanceof LoginRefused) console.error(message);
	else throw error;
	process.exitCode = 2;
}

function tell(found: Found): void {
	const rows = rowsOf(found);
	const failed = rows.filter(({ error }) => error).length;
	const about = [...(found.order ? [`order ${found.order}`] : []), `request ${found.requestId}`];
	console.log([...about, `${lengthOf(rows).toFixed()} ms`, `${failed} failed`].join(" · "));
	for (const row of values.brief ? inBrief(rows) : rows) console.log(lineOf(row));
	for (const other of found.others) console.log(`The order was touched by request ${other} too.`);
}

function lineOf({ depth, kind, name, service, offset, ms, error, detail, undoes, event }: Row): string {
	const times = `+${offset.toFixed()}`.padStart(7) + (ms === undefined ? "" : ms.toFixed(1)).padStart(9);
	const mark = error ? "✗" : undoes ? "←" : kind === "happened" ? "·" : " ";
	const deed = kind === "event" ? `handled by ${service}` : `${DEEDS[kind] ?? ""}${name}`;
	const what = [deed, event?.subject, error ?? detail, service && kind !== "event" && `(${service})`]
		.filter(Boolean)
		.join("  ");
	return `${times}  ${"  ".repeat(depth)}${mark} ${what}`;
}
