import type { Store, Unit } from "../../broker/sql/store.ts";
import { type Failures, FORGOTTEN_AFTER_MS } from "./lock-out.ts";
import { type Family, REFRESH_TOKEN_MS, type RefreshToken } from "./session.ts";
import type { Login, User } from "./users.contract.ts";

type Reading = Pick<Store | Unit, "get">;

const later = (now: string, ms: number): string => new Date(Date.parse(now) + ms).toISOString();

/** A refresh token that was shown, the family it is of and whose it is. */
export interface Shown {
	token: RefreshToken;
	family: Family & { id: string };
	user: Pick<User, "id" | "roles">;
}

interface ShownRow {
	hash: string;
	generation: number;
	expires_at: string;
	session_id: string;
	used_generation: number;
	used_hash: string | null;
	used_at: string | null;
	revoked_at: string | null;
	user_id: number;
	roles: string;
}

/** What is known of a refresh token by its hash; nothing once its user is removed. */
export async function findShown(sql: Reading, hash: string): Promise<Shown | undefined> {
	const row = await sql.get<ShownRow>(
		`SELECT t.hash, t.generation, t.expires_at, t.session_id, s.used_generation, s.used_hash, s.used_at, s.revoked_at,
		s.user_id, u.roles FROM refresh_tokens t JOIN sessions s ON s.id = t.session_id JOIN users u ON u.id = s.user_id
		WHERE t.hash = ? AND u.removed_at IS NULL`,
		[hash]
	);
	if (!row) return undefined;
	return {
		token: { hash: row.hash, generation: row.generation, expiresAt: row.expires_at },
		family: {
			id: row.session_id,
			usedGeneration: row.used_generation,
			usedHash: row.used_hash ?? undefined,
			usedAt: row.used_at ?? undefined,
			revokedAt: row.revoked_at ?? undefined
		},
		user: { id: row.user_id, roles: JSON.parse(row.roles) as User["roles"] }
	};
}

function issue(unit: Unit, hash: string, sessionId: string, generation: number, expiresAt: string): void {
	unit.append("refresh_tokens", { hash, session_id: sessionId, generation, expires_at: expiresAt });
}

/** Begins a family with its first token. */
export function begin(unit: Unit, id: string, userId: number, hash: string): void {
	const expiresAt = later(unit.now, REFRESH_TOKEN_MS);
	unit.append("sessions", {
		id,
		user_id: userId,
		used_generation: 0,
		created_at: unit.now,
		expires_at: expiresAt
	});
	issue(unit, hash, id, 1, expiresAt);
}

/** Uses a token up, and gives it a successor. */
export async function rotate(unit: Unit, { token, family }: Shown, successor: string): Promise<void> {
	const expiresAt = later(unit.now, REFRESH_TOKEN_MS);
	await unit.run(
		"UPDATE sessions SET used_generation = ?, used_hash = ?, used_at = ?, expires_at = ? WHERE id = ? AND used_generation = ?",
		[token.generation, token.hash, unit.now, expiresAt, family.id, family.usedGeneration]
	);
	issue(unit, successor, family.id, token.generation + 1, expiresAt);
}

/** Gives a token that was used up one more successor. */
export function reissue(unit: Unit, { token, family }: Shown, successor: string): void {
	issue(unit, successor, family.id, token.generation + 1, later(unit.now, REFRESH_TOKEN_MS));
}

/** The logins of a user that are remembered: when each began, was last used, and ended. */
export const loginsOf = async (store: Store, userId: number): Promise<Login[]> =>
	(
		await store.all<{ created_at: string; used_at: string | null; revoked_at: string | null; expires_at: string }>(
			"SELECT created_at, used_at, revoked_at, expires_at FROM sessions WHERE user_id = ? ORDER BY created_at, id",
			[userId]
		)
	).map(row => ({
		at: row.created_at,
		usedAt: row.used_at ?? undefined,
		endedAt: row.revoked_at ?? undefined,
		expiresAt: row.expires_at
	}));

/** Ends a family: none of its tokens is good any more. */
export async function revoke(unit: Unit, sessionId: string): Promise<void> {
	await unit.run("UPDATE sessions SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL", [unit.now, sessionId]);
}

/** Ends every family of a user. */
export async function revokeAll(unit: Unit, userId: number): Promise<void> {
	await unit.run("UPDATE sessions SET revoked_at = ? WHERE user_id = ? AND revoked_at IS NULL", [unit.now, userId]);
}

/** The logins that failed in a row with an e-mail address, given by its digest. */
export async function failuresOf(sql: Reading, who: string): Promise<Failures | undefined> {
	const row = await sql.get<{ count: number; locked_until: string | null }>(
		"SELECT count, locked_until FROM login_failures WHERE who = ?",
		[who]
	);
	return row && { count: row.count, lockedUntil: row.locked_until === null ? undefined : Date.parse(row.locked_until) };
}

/** Remembers the logins that failed in a row. */
export async function recordFailures(unit: Unit, who: string, { count, lockedUntil }: Failures): Promise<void> {
	await unit.run(
		`INSERT INTO login_failures (who, count, locked_until, updated_at) VALUES (?, ?, ?, ?) ON CONFLICT (who)
		DO UPDATE SET count = excluded.count, locked_until = excluded.locked_until, updated_at = excluded.updated_at`,
		[who, count, lockedUntil === undefined ? null : new Date(lockedUntil).toISOString(), unit.now]
	);
}

/** Ends a row of failed logins. */
export async function forgetFailures(unit: Unit, who: string): Promise<void> {
	await unit.run("DELETE FROM login_failures WHERE who = ?", [who]);
}

/** Deletes some of what has run out: tokens, families that have none left, failures too old to count. */
export async function tidy(unit: Unit): Promise<void> {
	await unit.run(
		"DELETE FROM refresh_tokens WHERE hash IN (SELECT hash FROM refresh_tokens WHERE expires_at <= ? LIMIT 1000)",
		[unit.now]
	);
	await unit.run(
		`DELETE FROM sessions WHERE id IN (SELECT id FROM sessions WHERE expires_at <= ? AND NOT EXISTS
		(SELECT 1 FROM refresh_tokens WHERE session_id = sessions.id) LIMIT 1000)`,
		[unit.now]
	);
	await unit.run(
		"DELETE FROM login_failures WHERE who IN (SELECT who FROM login_failures WHERE updated_at <= ? LIMIT 1000)",
		[later(unit.now, -FORGOTTEN_AFTER_MS)]
	);
}
