import { DataTypes, Op } from "sequelize";
import type { Rows } from "../../broker/rows.ts";
import { oneOf } from "../../broker/sql/sql.ts";
import type { Store, Unit } from "../../broker/sql/store.ts";
import type { Model, Page, StoreService } from "../../mixins/store.mixin.ts";
import {
	DEFAULT_PREFERENCES,
	emailKey,
	patternOf,
	preferring,
	type PreferenceChanges,
	REMOVED_NAME,
	searchable
} from "./user.ts";
import type { Preferences, User } from "./users.contract.ts";
import { EmailTaken, UserNotFound } from "./users.errors.ts";

/** Without the hash of the password, and what else no list shows. */
export const model: Model = {
	name: "user",
	define: {
		id: { type: DataTypes.INTEGER, primaryKey: true },
		name: DataTypes.TEXT,
		email: DataTypes.TEXT,
		phone: DataTypes.TEXT,
		roles: DataTypes.TEXT,
		search: DataTypes.TEXT,
		created_at: DataTypes.TEXT,
		updated_at: DataTypes.TEXT,
		removed_at: DataTypes.TEXT,
		version: DataTypes.INTEGER
	},
	options: { tableName: "users", timestamps: false }
};

export interface UserRow {
	id: number;
	name: string;
	email: string;
	phone: string | null;
	roles: string;
	created_at: string;
	updated_at: string;
	version: number;
	preferences: string;
}

const COLUMNS = "id, name, email, phone, roles, created_at, updated_at, version, preferences";

type Reading = Pick<Store | Unit, "get">;

const userOf = ({
	id,
	name,
	email,
	phone,
	roles,
	created_at,
	updated_at,
	version
}: Omit<UserRow, "preferences">): User => ({
	id,
	name,
	email,
	...(phone === null ? {} : { phone }),
	roles: JSON.parse(roles) as User["roles"],
	createdAt: created_at,
	updatedAt: updated_at,
	version
});

/** What a subject of a user's events is called. */
const subjectOf = (id: number): string => `user/${id}`;
const about = ({ id, name, email, roles }: User) => ({ userId: id, name, email, roles });

/** A user, and how they wish to be written to. */
export interface Found {
	user: User;
	preferences: Preferences;
}

const foundIn = (row: Readonly<UserRow>): Found => ({
	user: userOf(row),
	preferences: preferring(JSON.parse(row.preferences) as PreferenceChanges)
});

/** Those of the users who were not removed, in one query however many are asked for. */
export function load(store: Store, ids: readonly number[]): Promise<UserRow[]> {
	const these = oneOf("id", ids);
	return store.all<UserRow>(`SELECT ${COLUMNS} FROM users WHERE removed_at IS NULL AND ${these.sql}`, these.values);
}

/** One user, to be read. Throws UserNotFound. */
export async function read(rows: Rows<UserRow>, id: number): Promise<Found> {
	const row = await rows.get(id);
	if (!row) throw new UserNotFound(id);
	return foundIn(row);
}

/** One user, to be changed. Throws UserNotFound. */
export async function find(unit: Unit, id: number): Promise<Found> {
	const row = await unit.get<UserRow>(`SELECT ${COLUMNS} FROM users WHERE id = ? AND removed_at IS NULL`, [id]);
	if (!row) throw new UserNotFound(id);
	return foundIn(row);
}

/** Whether there was once such a user who was removed since. */
export async function wasRemoved(sql: Reading, id: number): Promise<boolean> {
	return (await sql.get("SELECT id FROM users WHERE id = ? AND removed_at IS NOT NULL", [id])) !== undefined;
}

/** What a login is checked against. */
export interface Credentials {
	id: number;
	roles: User["roles"];
	passwordHash: string;
}

/** What a login with an e-mail address is checked against, if there is such an account. */
export async function credentialsOf(sql: Reading, email: string): Promise<Credentials | undefined> {
	const row = await sql.get<{ id: number; roles: string; password_hash: string }>(
		"SELECT id, roles, password_hash FROM users WHERE email_key = ?",
		[emailKey(email)]
	);
	return row && { id: row.id, roles: JSON.parse(row.roles) as User["roles"], passwordHash: row.password_hash };
}

/** A page of the users that are found, the oldest first. */
export async function page(
	service: StoreService,
	{ search, role, limit, after }: { search?: string; role?: string; limit: number; after?: number }
): Promise<Page<User>> {
	const where = {
		removed_at: null,
		...(search === undefined ? {} : { search: { [Op.like]: patternOf(search) } }),
		// Kept as JSON: the quotes are part of it, so no role is found within another.
		...(role === undefined ? {} : { roles: { [Op.like]: `%"${role}"%` } })
	};
	const { items, ...rest } = await service.page<Omit<UserRow, "preferences">>({ where, limit, after, ascending: true });
	return { items: items.map(userOf), ...rest };
}

/** What an account is opened with. */
export interface Opening extends Pick<User, "name" | "email" | "roles"> {
	phone?: string | undefined;
	passwordHash: string;
}

/** Opens an account and announces it. Throws EmailTaken. */
export async function open(unit: Unit, { name, email, phone, roles, passwordHash }: Opening): Promise<User> {
	await assertFree(unit, email);
	const row = await unit.get<UserRow>(
		`INSERT INTO users (name, email, email_key, phone, roles, password_hash, preferences, search, created_at, updated_at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING ${COLUMNS}`,
		[
			name,
			email,
			emailKey(email),
			phone ?? null,
			JSON.stringify(roles),
			passwordHash,
			JSON.stringify(DEFAULT_PREFERENCES),
			searchable({ name, email }),
			unit.now,
			unit.now
		]
	);
	const user = userOf(row!);
	unit.emit("user.created", subjectOf(user.id), about(user), user.version);
	return user;
}

/** Writes the next version of a user and announces it. Throws EmailTaken. */
export async function replace(unit: Unit, user: User): Promise<void> {
	const { id, name, email, phone, roles, updatedAt, version } = user;
	await assertFree(unit, email, id);
	await unit.run(
		`UPDATE users SET name = ?, email = ?, email_key = ?, phone = ?, roles = ?, search = ?, updated_at = ?, version = ?
		WHERE id = ? AND version = ?`,
		[
			name,
			email,
			emailKey(email),
			phone ?? null,
			JSON.stringify(roles),
			searchable(user),
			updatedAt,
			version,
			id,
			version - 1
		]
	);
	unit.emit("user.updated", subjectOf(id), about(user), version);
}

async function assertFree(unit: Unit, email: string, but = 0): Promise<void> {
	const values = [emailKey(email), but];
	if (await unit.get("SELECT id FROM users WHERE email_key = ? AND id <> ?", values)) throw new EmailTaken();
}

/** Writes how a user wishes to be written to: a new version of the user, and announced as one. */
export async function replacePreferences(unit: Unit, user: User, preferences: Preferences): Promise<void> {
	await unit.run(
		"UPDATE users SET preferences = ?, updated_at = ?, version = version + 1 WHERE id = ? AND version = ?",
		[JSON.stringify(preferences), unit.now, user.id, user.version]
	);
	unit.emit("user.updated", subjectOf(user.id), about(user), user.version + 1);
}

/** Replaces a hash that was made at another cost. */
export async function replaceHash(unit: Unit, id: number, passwordHash: string): Promise<void> {
	await unit.run("UPDATE users SET password_hash = ? WHERE id = ?", [passwordHash, id]);
}

/** Erases what names a person and frees the e-mail address; the row stays, and its id with it. */
export async function erase(unit: Unit, user: User): Promise<void> {
	await unit.run(
		`UPDATE users SET name = ?, email = '', email_key = NULL, phone = NULL, password_hash = '', preferences = '{}',
		search = '', updated_at = ?, removed_at = ?, version = version + 1 WHERE id = ? AND version = ?`,
		[REMOVED_NAME, unit.now, unit.now, user.id, user.version]
	);
	unit.emit("user.deleted", subjectOf(user.id), about(user), user.version + 1);
}
