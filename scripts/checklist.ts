import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { commentsOf, type Source, sourcesIn } from "../test/support/sources.ts";

/** One thing that Souk must do, and where it was asked for. */
export interface Claim {
	id: number;
	source: string;
	group: string;
	text: string;
}

/** A place in a spec that says which claim it shows. */
export interface Mention {
	id: number;
	at: string;
}

interface Checklist {
	floor: number;
	claims: Claim[];
}

const total = 245;

/** The claims, all of them and each in its place: the numbers are cited elsewhere and must not move. */
export function readChecklist(path: string): Checklist {
	const checklist = JSON.parse(readFileSync(path, "utf8")) as Checklist;
	if (checklist.claims.length !== total) throw new Error(`${path} has ${checklist.claims.length} claims, not ${total}`);
	checklist.claims.forEach((claim, index) => {
		if (claim.id !== index + 1) throw new Error(`${path}: claim ${claim.id} stands in the place of ${index + 1}`);
	});
	return checklist;
}

/** Reads the `// checklist: 82, 176-185` comments of a spec; what cannot be read or is unknown is a mistake, never passed over. */
export function mentionsIn(spec: Source): { mentions: Mention[]; mistakes: string[] } {
	const mentions: Mention[] = [];
	const mistakes: string[] = [];
	for (const comment of commentsOf(spec)) {
		for (const [index, line] of comment.text.split("\n").entries()) {
			const list = /^\W*checklist\s*:(.*?)(?:\*\/)?$/i.exec(line.trim())?.[1];
			if (list === undefined) continue;
			const at = `${spec.path}:${comment.firstLine + index}`;
			for (const entry of list.split(",").map(part => part.trim())) {
				const [, first, last = first] = /^(\d+)(?:\s*[-–]\s*(\d+))?$/.exec(entry) ?? [];
				if (first === undefined) {
					mistakes.push(`${at} cannot read "${entry}": write // checklist: 82, 176-185`);
				} else if (Number(first) < 1 || Number(last) > total || Number(first) > Number(last)) {
					mistakes.push(`${at} names ${entry}: the claims are 1 to ${total}`);
				} else {
					for (let id = Number(first); id <= Number(last); id++) mentions.push({ id, at });
				}
			}
		}
	}
	return { mentions, mistakes };
}

/** 2, 3, 4, 9 as "2-4, 9". */
function inRanges(ids: number[]): string {
	const ranges: [number, number][] = [];
	for (const id of ids) {
		const open = ranges.at(-1);
		if (open?.[1] === id - 1) open[1] = id;
		else ranges.push([id, id]);
	}
	return ranges.map(([first, last]) => (first === last ? `${first}` : `${first}-${last}`)).join(", ");
}

function main(): void {
	const { values } = parseArgs({ options: { json: { type: "boolean" }, floor: { type: "string" } } });
	const root = join(import.meta.dirname, "..");
	const checklist = readChecklist(join(root, "test/checklist.json"));
	const floor = values.floor === undefined ? checklist.floor : Number(values.floor);
	if (!Number.isInteger(floor) || floor < 0 || floor > total)
		throw new Error(`--floor takes a number from 0 to ${total}`);

	const read = sourcesIn(root, ["test"])
		.filter(source => source.path.endsWith(".spec.ts"))
		.map(mentionsIn);
	const mentions = read.flatMap(spec => spec.mentions);
	const mistakes = read.flatMap(spec => spec.mistakes);
	const claims = checklist.claims.map(claim => ({
		...claim,
		tests: [...new Set(mentions.filter(mention => mention.id === claim.id).map(mention => mention.at))]
	}));
	const missing = claims.filter(claim => claim.tests.length === 0).map(claim => claim.id);
	const shown = total - missing.length;

	if (values.json) {
		const listed = claims.map(({ id, source, text, tests }) => ({ id, source, text, tests }));
		console.log(JSON.stringify({ total, shown, missing, claims: listed }, null, "\t"));
	} else {
		let heading = "";
		for (const claim of claims) {
			if (heading !== `${claim.source} ${claim.group}`) {
				heading = `${claim.source} ${claim.group}`;
				console.log(`\n${heading}`);
			}
			const mark = claim.tests.length > 0 ? "✓" : "·";
			console.log([`  ${mark} ${String(claim.id).padStart(3)} ${claim.text}`, ...claim.tests].join("\n          "));
		}
		console.log(`\nMissing: ${inRanges(missing) || "none"}`);
		console.log(`${shown} of ${total} claims are shown by a spec; the floor is ${floor}.`);
		if (shown > checklist.floor) console.log(`The floor in test/checklist.json can rise to ${shown}.`);
	}

	for (const mistake of mistakes) console.error(mistake);
	if (shown < floor) console.error(`${shown} claims are shown, ${floor} must be: a spec was lost.`);
	if (mistakes.length > 0 || shown < floor) process.exitCode = 1;
}

if (import.meta.main) main();
