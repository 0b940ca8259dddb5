import type { Role } from "../../broker/contract.ts";
import type { Preferences, User } from "./users.contract.ts";

/** What a removed account is called. */
export const REMOVED_NAME = "deleted user";

/** How a user is written to until they say otherwise. An SMS goes only to those who gave a number. */
export const DEFAULT_PREFERENCES: Preferences = {
	language: "en",
	channels: { email: true, sms: true },
	kinds: { account: true, orders: true, payments: true, shipments: true, tasks: true }
};

/** An e-mail address as accounts are told apart by it: however it is written, it is one. */
export const emailKey = (email: string): string => email.normalize("NFKC").toLowerCase();

/**
 * A text as searches see it, without case, accents and punctuation. No wildcard of LIKE survives, so that a search needs no
 * escape, which differs from database to database.
 */
const folded = (text: string): string =>
	text
		.normalize("NFKD")
		.replace(/\p{M}/gu, "")
		.toLowerCase()
		.replace(/[^\p{L}\p{N}@.+-]+/gu, " ");

/** All of a user that a search looks through. */
export const searchable = ({ name, email }: Pick<User, "name" | "email">): string => folded(`${name} ${email}`);

/** The LIKE pattern of the users that a search finds. */
export const patternOf = (search: string): string => `%${folded(search).trim()}%`;

const RANKS: readonly Role[] = ["customer", "staff", "admin"];

/** Roles as they are kept: each once, in order, and an admin is staff, because actions for staff ask for that role. */
export function rolesOf(given: readonly Role[]): Role[] {
	const held = new Set<Role>(given.includes("admin") ? [...given, "staff"] : given);
	return RANKS.filter(role => held.has(role));
}

/** Whether an account opens more doors than a customer's does: only an admin changes one that is not their own. */
export const isPrivileged = ({ roles }: Pick<User, "roles">): boolean =>
	roles.some(role => role === "staff" || role === "admin");

/** What can be changed of a user. */
export interface Changes {
	name?: string | undefined;
	email?: string | undefined;
	/** Null: there is none any more. */
	phone?: string | null | undefined;
	roles?: readonly Role[] | undefined;
}

/** A user with some things changed: the next version, or undefined when nothing is different. */
export function changed(user: User, changes: Changes, at: string): User | undefined {
	const { phone: before, ...rest } = user;
	const phone = changes.phone === null ? undefined : (changes.phone ?? before);
	const next = {
		...rest,
		name: changes.name ?? user.name,
		email: changes.email ?? user.email,
		...(phone === undefined ? {} : { phone }),
		roles: changes.roles ? rolesOf(changes.roles) : user.roles
	};
	const same =
		next.name === user.name && next.email === user.email && phone === before && `${next.roles}` === `${user.roles}`;
	return same ? undefined : { ...next, updatedAt: at, version: user.version + 1 };
}

/** Some preferences, the rest as they were. */
export interface PreferenceChanges {
	language?: string | undefined;
	channels?: { [Channel in keyof Preferences["channels"]]?: boolean | undefined } | undefined;
	kinds?: { [Kind in keyof Preferences["kinds"]]?: boolean | undefined } | undefined;
}

/** Preferences with some of them changed. Also fills in what older preferences did not have yet. */
export const preferring = (before: PreferenceChanges, changes: PreferenceChanges = {}): Preferences => ({
	language: changes.language ?? before.language ?? DEFAULT_PREFERENCES.language,
	channels: over(DEFAULT_PREFERENCES.channels, before.channels, changes.channels),
	kinds: over(DEFAULT_PREFERENCES.kinds, before.kinds, changes.kinds)
});

/** The last word on each flag; words on flags that are not known are dropped. */
function over<Flags extends Record<string, boolean>>(
	flags: Flags,
	...words: ({ [K in keyof Flags]?: boolean | undefined } | undefined)[]
): Flags {
	const last = (flag: keyof Flags) => words.map(word => word?.[flag]).findLast(word => word !== undefined);
	return Object.fromEntries(Object.keys(flags).map(flag => [flag, last(flag) ?? flags[flag]])) as Flags;
}
