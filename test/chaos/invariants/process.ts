import type { Invariant } from "./invariant.ts";

/** The process dies only of kills, fails in no other way, and its files are whole. */
export const process: Invariant[] = [
	{ name: "I9 the process ends only when it is killed", breaches: books => [...books.accidents] },
	{
		name: "I9 nobody is answered that something is wrong inside",
		breaches: books => books.ledger.entries.filter(({ status }) => status === 500)
	},
	{
		name: "I10 every file is whole",
		breaches: books =>
			books.databases().flatMap(database =>
				books
					.rows(`PRAGMA ${database}.integrity_check`)
					.filter(({ integrity_check }) => integrity_check !== "ok")
					.map(row => ({ database, ...row }))
			)
	},
	{
		name: "I10 every reference leads somewhere",
		breaches: books =>
			books
				.databases()
				.flatMap(database => books.rows(`PRAGMA ${database}.foreign_key_check`).map(row => ({ database, ...row })))
	}
];
