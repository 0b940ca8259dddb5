import { writeSync } from "node:fs";

/** Says how far the bench is: in one line that changes, or in one line each for whoever keeps them. */
export class Progress {
	readonly #planned: number;
	readonly #inPlace: boolean;
	#done = 0;

	constructor(planned: number, json: boolean) {
		this.#planned = planned;
		this.#inPlace = !json && process.stderr.isTTY;
	}

	next(what: string): void {
		const line = `[${++this.#done}/${this.#planned}] ${what}`;
		writeSync(2, this.#inPlace ? `\r\x1b[K${line}` : `${line}\n`);
	}
}
