import { hash } from "node:crypto";

/** What is kept of an event; `data` is canonical JSON. */
export interface Fact {
	eventId: string;
	at: string;
	type: string;
	subject: string;
	source: string;
	version: number | null;
	correlationId: string;
	causationId: string | null;
	traceparent: string | null;
	data: string;
}

/** A fact in its place: the hash covers everything before it, so nothing earlier can change unseen. */
export interface Entry extends Fact {
	seq: number;
	prevHash: string;
	hash: string;
}

/** The end of a chain, where the next entry is tied on. */
export interface Link {
	seq: number;
	hash: string;
}

/** The end of an empty chain. */
export const START: Link = { seq: 0, hash: "0".repeat(64) };

/** JSON with one spelling for each value (RFC 8785): keys sorted, no spaces. */
export function canonical(value: unknown): string {
	if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
	if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? "null";
	const fields = Object.entries(value).filter(([, field]) => field !== undefined);
	// By code units, as the standard has it; no two keys are equal.
	fields.sort(([a], [b]) => (a < b ? -1 : 1));
	return `{${fields.map(([key, field]) => `${JSON.stringify(key)}:${canonical(field)}`).join(",")}}`;
}

/** Puts facts behind the end of a chain. */
export function chained(facts: readonly Fact[], after: Link): Entry[] {
	let last = after;
	return facts.map(fact => {
		const place = { ...fact, seq: last.seq + 1, prevHash: last.hash };
		const entry = { ...place, hash: hashOf(place) };
		last = entry;
		return entry;
	});
}

/** Follows a chain from `after`; `brokenAt` is the first place whose entry is missing or not what was written there. */
export function verifyChain(rows: readonly Entry[], after: Link = START): { last: Link; brokenAt?: number } {
	let last = after;
	for (const row of rows) {
		const whole = row.seq === last.seq + 1 && row.prevHash === last.hash && row.hash === hashOf(row);
		if (!whole) return { last, brokenAt: last.seq + 1 };
		last = { seq: row.seq, hash: row.hash };
	}
	return { last };
}

/** Compares the last entry with the end that was noted apart; answers the place where they part, if they do. */
export function verifyEnd(last: Link, noted: Link | undefined): number | undefined {
	if (noted?.seq === last.seq) return noted.hash === last.hash ? undefined : Math.max(last.seq, 1);
	return Math.min(last.seq, noted?.seq ?? last.seq) + 1;
}

/** What a hash covers, in the order of canonical JSON. */
const COVERED = [
	"at",
	"causationId",
	"correlationId",
	"data",
	"eventId",
	"seq",
	"source",
	"subject",
	"traceparent",
	"type",
	"version"
] as const;

// `data` is canonical already and is taken as it stands, so that even a space put into it is found.
function hashOf(entry: Omit<Entry, "hash">): string {
	const fields = COVERED.filter(key => entry[key] !== null).map(
		key => `"${key}":${key === "data" ? entry.data : JSON.stringify(entry[key])}`
	);
	return hash("sha256", `${entry.prevHash}{${fields.join(",")}}`, "hex");
}
