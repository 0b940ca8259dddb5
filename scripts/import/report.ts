import { closeSync, openSync, rmSync, writeSync } from "node:fs";
import { type Line, NOTES } from "./reader.ts";

/** How many refused lines are told at once; the file has all of them. */
const TOLD = 20;

/** The refused lines with their reasons, in a file that can be mended and imported. */
export class Report {
	readonly told: string[] = [];
	refused = 0;
	readonly #path: string;
	readonly #header: readonly string[];
	#file: number | undefined;

	constructor(path: string, header: readonly string[]) {
		this.#path = path;
		this.#header = header.filter(name => !NOTES.includes(name));
		rmSync(path, { force: true });
	}

	refuse({ number, cells }: Line, header: readonly string[], because: string): void {
		this.refused++;
		if (this.told.length < TOLD) this.told.push(`line ${number}: ${because}`);
		if (this.#file === undefined) {
			this.#file = openSync(this.#path, "w");
			this.#write([...this.#header, ...NOTES]);
		}
		// The cells without the notes of an earlier import; what is too much stays, so that nothing is lost.
		const own = cells.filter((_, at) => !NOTES.includes(header[at] ?? ""));
		const missing = Array<string>(Math.max(0, this.#header.length - own.length)).fill("");
		this.#write([...own, ...missing, String(number), because]);
	}

	close(): void {
		if (this.#file !== undefined) closeSync(this.#file);
	}

	#write(cells: readonly string[]): void {
		const quoted = cells.map(cell => (/[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell));
		writeSync(this.#file!, `${quoted.join(",")}\n`);
	}
}
