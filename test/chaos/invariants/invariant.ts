import type { Books } from "../books.ts";

/** Something that must hold whatever was killed: a name and a query for what breaks it. */
export interface Invariant {
	name: string;
	/** True of what takes a while to become so: it is waited for before everything is held to account. */
	settles?: true;
	/** What breaks it; nothing when it holds. */
	breaches(books: Books): object[];
}

/** An invariant whose breaches are the rows of a query across the stores. */
export const query = (name: string, sql: string): Invariant => ({ name, breaches: books => books.rows(sql) });

/** The same, for what is waited for. */
export const settling = (name: string, sql: string): Invariant => ({ ...query(name, sql), settles: true });
