import type { Role } from "../../broker/contract.ts";
import type { Channel } from "../notifications/notifications.contract.ts";
import type { Preferences, User } from "./users.contract.ts";

/** What a removed account is called. */
export const REMOVED_NAME = "deleted user";

/**
 * How a user is told of things until they say otherwise. An SMS goes only to those who gave a number, a webhook to those who
 * gave an address.
 */
export const DEFAULT_PREFERENCES: Preferences = {
	language: "en",
	channels: { email: true, sms: true, webhook: true },
	kinds: {
		account: ["email"],
		orders: ["email", "sms", "webhook"],
		payments: ["email", "webhook"],
		shipments: ["email", "sms", "webhook"],
		tasks: ["email", "webhook"],
		messages: ["email"]
	}
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
	channels?: { [Name in keyof Preferences["channels"]]?: boolean | undefined } | undefined;
	/** Once a kind of thing was told by every channel or by none: such words are understood. */
	kinds?: { [Kind in keyof Preferences["kinds"]]?: readonly Channel[] | boolean | undefined } | undefined;
	/** Null: there is none any more. */
	webhook?: string | null | undefined;
}

/** Preferences with some of them changed. Also fills in what older preferences did not have yet. */
export function preferring(before: PreferenceChanges, changes: PreferenceChanges = {}): Preferences {
	const webhook = changes.webhook === null ? undefined : (changes.webhook ?? before.webhook ?? undefined);
	const kinds = over<string, readonly Channel[] | boolean>(DEFAULT_PREFERENCES.kinds, before.kinds, changes.kinds);
	return {
		language: changes.language ?? before.language ?? DEFAULT_PREFERENCES.language,
		channels: over<string, boolean>(
			DEFAULT_PREFERENCES.channels,
			before.channels,
			changes.channels
		) as Preferences["channels"],
		kinds: Object.fromEntries(
			Object.entries(kinds).map(([kind, by]) => [kind, channelsIn(kind as keyof Preferences["kinds"], by)])
		) as Preferences["kinds"],
		...(webhook === undefined ? {} : { webhook })
	};
}

/** In one order, so that the same wish is written in the same way. */
function channelsIn(kind: keyof Preferences["kinds"], by: readonly Channel[] | boolean): Channel[] {
	if (by === true) return DEFAULT_PREFERENCES.kinds[kind];
	const all = Object.keys(DEFAULT_PREFERENCES.channels) as Channel[];
	return by === false ? [] : all.filter(channel => by.includes(channel));
}

/** The last word on each thing; words on things that are not known are dropped. */
function over<Key extends string, Value>(
	first: Record<Key, Value>,
	...words: (Partial<Record<Key, Value | undefined>> | undefined)[]
): Record<Key, Value> {
	const last = (key: Key) => words.map(word => word?.[key]).findLast(word => word !== undefined);
	const keys = Object.keys(first) as Key[];
	return Object.fromEntries(keys.map(key => [key, last(key) ?? first[key]])) as Record<Key, Value>;
}
