import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { processEnv } from "../broker/env.ts";
import type { ImportResult, RefusedLine } from "../services/products/products.contract.ts";
import { Progress } from "./import/progress.ts";
import { type Batch, batchesOf, survey, UnreadableFile } from "./import/reader.ts";
import { Report } from "./import/report.ts";
import { GaveUp, Sender } from "./import/sender.ts";
import { Client } from "./support/client.ts";

// Adds the products of a CSV file, each with its stock, through the API. Whatever dies on the way: the same command again
// goes on where it was, and adds nothing twice.

const HELP = `npm run import -- products.csv [--url http://127.0.0.1:8000] [--email staff@souk.test] [--password-file <file>] [--report <file>]

The first line names the columns: name, price (in cents: 4250 for 42.50), onHand, and perhaps description, currency, category (the name of
one that there is), images (https addresses with spaces between them). Exit: 0 all imported, 1 some lines refused, 2 file or options
unusable and nothing sent, 3 given up half-way.`;

const { values, positionals } = parseArgs({
	options: {
		url: { type: "string" },
		email: { type: "string", default: "staff@souk.test" },
		"password-file": { type: "string" },
		report: { type: "string" },
		help: { type: "boolean" }
	},
	allowPositionals: true
});
const [file] = positionals;
if (values.help || !file || positionals.length > 1) {
	console.error(HELP);
	process.exit(values.help ? 0 : 2);
}

async function run(path: string): Promise<number> {
	const env = processEnv();
	const began = performance.now();
	const { source, lines, header } = await survey(path);
	const progress = new Progress(lines);
	const client = new Client(values.url ?? `http://${env.HOST}:${env.PORT}`, line => progress.say(line));
	const password = values["password-file"] ? readFileSync(values["password-file"], "utf8").trim() : env.DEMO_PASSWORD;
	const sender = new Sender(client, () => client.logIn(values.email, password), source);
	const reportFile = values.report ?? `${path.replace(/\.csv$/i, "")}.refused.csv`;
	if (resolve(reportFile) === resolve(path)) throw new UnreadableFile("the report of refused lines would replace it");
	const report = new Report(reportFile, header);
	let done = 0;
	try {
		for await (const batch of batchesOf(path)) {
			const { refused } = batch.lines.length > 0 ? await sender.send(batch) : { refused: [] };
			tell(report, header, batch, refused);
			done += batch.lines.length + batch.misshapen.length;
			progress.at(done, report.refused);
		}
		await sender.listed(pending => progress.say(`All is sent; ${pending} batches wait until their stock stands`));
	} finally {
		progress.end();
		report.close();
	}
	for (const line of report.told) console.log(line);
	if (report.refused > report.told.length) console.log(`… and ${report.refused - report.told.length} more`);
	const seconds = ((performance.now() - began) / 1_000).toFixed(1);
	console.log(`${lines - report.refused} of ${lines} products are in the catalogue with their stock (${seconds} s).`);
	if (report.refused === 0) return 0;
	console.log(
		`${report.refused} lines were refused. Mend them in ${reportFile}, and import that file: the others are in.`
	);
	return 1;
}

function tell(report: Report, header: string[], batch: Batch, refused: ImportResult["refused"]): void {
	const reasons = ({ errors }: RefusedLine) =>
		errors.map(({ pointer, detail }) => `${pointer.slice(1)}: ${detail}`).join("; ");
	const all = [
		...batch.misshapen.map(line => ({ line, because: `has ${line.cells.length} cells, not ${header.length}` })),
		...refused.map(one => ({ line: batch.lines[one.at]!.line, because: reasons(one) }))
	];
	for (const { line, because } of all.sort((one, other) => one.line.number - other.line.number))
		report.refuse(line, header, because);
}

try {
	process.exitCode = await run(file);
} catch (error) {
	const { message, code } = error as NodeJS.ErrnoException;
	if (error instanceof GaveUp) {
		console.error(`${message}.\nRun the same command again: what is in is not imported twice.`);
		process.exitCode = 3;
	} else if (error instanceof UnreadableFile || code === "ENOENT" || code === "EISDIR") {
		console.error(`${file} was not imported: ${message}`);
		process.exitCode = 2;
	} else throw error;
}
