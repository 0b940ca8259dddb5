import type { Books } from "../books.ts";
import { events } from "./events.ts";
import type { Invariant } from "./invariant.ts";
import { letters } from "./letters.ts";
import { money } from "./money.ts";
import { endings, promises } from "./orders.ts";
import { parcels } from "./parcels.ts";
import { process } from "./process.ts";
import { returns } from "./returns.ts";
import { stock } from "./stock.ts";
import { tasks } from "./tasks.ts";

/** All that must hold once everything is quiet. */
const INVARIANTS: readonly Invariant[] = [
	...promises,
	...endings,
	...stock,
	...money,
	...parcels,
	...letters,
	...tasks,
	...returns,
	...events,
	...process
];

/** An invariant that does not hold, with the rows that break it. */
export interface Breach {
	invariant: string;
	rows: object[];
}

/** What does not hold now. */
export const verify = (books: Books, of: readonly Invariant[] = INVARIANTS): Breach[] =>
	of.map(({ name, breaches }) => ({ invariant: name, rows: breaches(books) })).filter(({ rows }) => rows.length > 0);

/** What has not come to rest yet. */
export const unsettled = (books: Books): Breach[] =>
	verify(
		books,
		INVARIANTS.filter(({ settles }) => settles)
	);

/** Breaches for a person to read: the names, and the first rows of each. */
export const told = (breaches: readonly Breach[]): string =>
	breaches
		.map(({ invariant, rows }) => {
			const shown = rows.slice(0, 10).map(row => `\n    ${JSON.stringify(row)}`);
			const more = rows.length > 10 ? `\n    … and ${rows.length - 10} more` : "";
			return `BREACH ${invariant} (${rows.length})${shown.join("")}${more}`;
		})
		.join("\n");
