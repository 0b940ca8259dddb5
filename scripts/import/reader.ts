import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { pipeline } from "node:stream";
import { CsvError, parse } from "csv-parse";

/** The columns of a file of products; the others are left empty. */
const COLUMNS = ["name", "price", "onHand", "description", "currency", "category", "images"] as const;
const NEEDED = COLUMNS.slice(0, 3);
/** What the file of refused lines says about each; it is not read back, so that the file can be mended and imported. */
export const NOTES = ["refused_line", "refused_because"];

/** How many lines, and how many characters, are sent at once: less than the gateway takes. Another size makes other batches. */
const MOST_LINES = 250;
const MOST_CHARACTERS = 48_000;
/** A record longer than this is a quote that nobody closed. */
const LONGEST_RECORD = 100_000;

/** The file cannot be read as lines of products, so that nothing of it is imported. */
export class UnreadableFile extends Error {
	override name = "UnreadableFile";
}

/** A line of the file. */
export interface Line {
	/** Where it ends in the file, from 1. */
	number: number;
	cells: string[];
}

/** Lines that are sent together. The same file has the same batches each time it is read. */
export interface Batch {
	number: number;
	lines: { line: Line; ware: Record<string, unknown> }[];
	/** Lines between these that have too many cells, or too few. */
	misshapen: Line[];
}

/** What a file is, and how much of it there is. */
export interface Survey {
	/** The SHA-256 of its bytes. */
	source: string;
	lines: number;
	header: string[];
}

/** Reads a file once, from its first byte to its last, before anything is sent. Throws UnreadableFile. */
export async function survey(file: string): Promise<Survey> {
	const [source, shape] = await Promise.allSettled([digestOf(file), shapeOf(file)]);
	// What is wrong with its bytes says more than what that makes of its lines.
	if (source.status === "rejected") throw source.reason;
	if (shape.status === "rejected") throw shape.reason;
	return { source: source.value, ...shape.value };
}

/** The lines of a file in batches, with no more than one of them in memory. Throws UnreadableFile. */
export async function* batchesOf(file: string): AsyncGenerator<Batch> {
	let batch: Batch = { number: 1, lines: [], misshapen: [] };
	let characters = 0;
	let header: string[] | undefined;
	for await (const line of linesOf(file)) {
		if (!header) {
			header = headerOf(line);
			continue;
		}
		const ware = line.cells.length === header.length ? wareOf(header, line.cells) : undefined;
		const length = JSON.stringify(ware ?? line.cells).length;
		const full = batch.lines.length + batch.misshapen.length === MOST_LINES;
		if (full || (characters > 0 && characters + length > MOST_CHARACTERS)) {
			yield batch;
			batch = { number: batch.number + 1, lines: [], misshapen: [] };
			characters = 0;
		}
		if (ware) batch.lines.push({ line, ware });
		else batch.misshapen.push(line);
		characters += length;
	}
	if (batch.lines.length + batch.misshapen.length > 0) yield batch;
}

async function* linesOf(file: string): AsyncGenerator<Line> {
	const parser = parse({
		bom: true,
		info: true,
		trim: true,
		relax_column_count: true,
		skip_empty_lines: true,
		max_record_size: LONGEST_RECORD
	});
	pipeline(createReadStream(file), parser, () => undefined);
	try {
		for await (const { record, info } of parser as AsyncIterable<{ record: string[]; info: { lines: number } }>)
			yield { number: info.lines, cells: record };
	} catch (error) {
		if (error instanceof CsvError) throw new UnreadableFile(error.message);
		throw error;
	}
}

function headerOf({ cells }: Line): string[] {
	const unknown = cells.filter(name => !([...COLUMNS, ...NOTES] as string[]).includes(name));
	const missing = NEEDED.filter(name => !cells.includes(name));
	const twice = cells.filter((name, at) => cells.indexOf(name) < at);
	const flaws = [
		...(missing.length > 0 ? [`there is no ${missing.join(", no ")}`] : []),
		...(unknown.length > 0 ? [`${unknown.map(name => JSON.stringify(name)).join(", ")} is not known`] : []),
		...(twice.length > 0 ? [`${twice.join(", ")} is there twice`] : [])
	];
	if (flaws.length > 0)
		throw new UnreadableFile(`The first line names the columns, of ${COLUMNS.join(", ")}: ${flaws.join("; ")}`);
	return cells;
}

/** A line as the API takes it. What is no number stays as it is: the API says what is wrong with it. */
function wareOf(header: readonly string[], cells: readonly string[]): Record<string, unknown> {
	const ware: Record<string, unknown> = {};
	for (const [at, name] of header.entries()) {
		const cell = cells[at]!;
		if (cell === "" || NOTES.includes(name)) continue;
		if (name === "images") ware[name] = cell.split(/\s+/);
		else ware[name] = (name === "price" || name === "onHand") && /^-?\d{1,15}$/.test(cell) ? Number(cell) : cell;
	}
	return ware;
}

async function digestOf(file: string): Promise<string> {
	const hash = createHash("sha256");
	const decoder = new TextDecoder("utf-8", { fatal: true });
	const check = (chunk?: Buffer) => {
		try {
			decoder.decode(chunk, { stream: chunk !== undefined });
		} catch {
			throw new UnreadableFile("It is not UTF-8");
		}
	};
	for await (const chunk of createReadStream(file) as AsyncIterable<Buffer>) {
		hash.update(chunk);
		check(chunk);
	}
	check();
	return hash.digest("hex");
}

async function shapeOf(file: string): Promise<{ header: string[]; lines: number }> {
	let header: string[] | undefined;
	let lines = 0;
	for await (const line of linesOf(file)) {
		if (header) lines++;
		header ??= headerOf(line);
	}
	if (!header) throw new UnreadableFile("It is empty");
	return { header, lines };
}
