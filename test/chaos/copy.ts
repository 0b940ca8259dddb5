import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const ROOT = join(import.meta.dirname, "../..");
const PARTS = [
	"broker",
	"mixins",
	"services",
	"scripts",
	"data/migrations",
	"data/seeds",
	"test/chaos",
	"test/support",
	"moleculer.config.ts",
	"package.json"
];

/** A change of the source: `find` stands in the file exactly once. */
export interface Edit {
	file: string;
	find: string;
	put: string;
}

/** A copy of the source with changes, in a folder of its own: nothing in the project is touched. */
export class Copy implements Disposable {
	readonly root = mkdtempSync(join(tmpdir(), "souk-copy-"));

	/** Throws when a place to change is not there, or there twice: the code has moved, and so must the edit. */
	constructor(edits: readonly Edit[] = []) {
		for (const part of PARTS) cpSync(join(ROOT, part), join(this.root, part), { recursive: true });
		symlinkSync(join(ROOT, "node_modules"), join(this.root, "node_modules"));
		for (const { file, find, put } of edits) {
			const path = join(this.root, file);
			const [before, after, ...more] = readFileSync(path, "utf8").split(find);
			if (after === undefined || more.length > 0)
				throw new Error(`${file} has ${after === undefined ? "no" : "more than one"} place like:\n${find}`);
			writeFileSync(path, before + put + after);
		}
	}

	[Symbol.dispose](): void {
		rmSync(this.root, { recursive: true, force: true });
	}
}
