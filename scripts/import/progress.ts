const WIDTH = 30;
const EVERY_MS = 100;

/** A bar on a terminal; elsewhere a line for each tenth. */
export class Progress {
	readonly #total: number;
	readonly #out: NodeJS.WriteStream;
	readonly #began = performance.now();
	#drawn = -Infinity;
	#tenths = 0;

	constructor(total: number, out: NodeJS.WriteStream = process.stderr) {
		this.#total = total;
		this.#out = out;
	}

	/** So many are done, of which so many were refused. */
	at(done: number, refused: number): void {
		const share = this.#total === 0 ? 1 : done / this.#total;
		const seconds = (performance.now() - this.#began) / 1_000;
		const left = done > 0 && done < this.#total ? `, ${Math.ceil((seconds / done) * (this.#total - done))} s left` : "";
		const counts = `${done} of ${this.#total} lines, ${refused} refused${left}`;
		if (!this.#out.isTTY) {
			if (Math.floor(share * 10) <= this.#tenths) return;
			this.#tenths = Math.floor(share * 10);
			this.#out.write(`${String(Math.floor(share * 100)).padStart(3)} %  ${counts}\n`);
			return;
		}
		if (done < this.#total && performance.now() - this.#drawn < EVERY_MS) return;
		this.#drawn = performance.now();
		const full = Math.round(share * WIDTH);
		const bar = "█".repeat(full) + "░".repeat(WIDTH - full);
		this.#out.write(`\r\x1b[K${bar} ${String(Math.floor(share * 100)).padStart(3)} %  ${counts}`);
	}

	/** Says something instead of the bar. */
	say(line: string): void {
		this.#out.write(this.#out.isTTY ? `\r\x1b[K${line}` : `${line}\n`);
	}

	end(): void {
		if (this.#out.isTTY) this.#out.write("\n");
	}
}
