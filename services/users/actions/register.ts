import type { Origin } from "../../../broker/context.ts";
import type { Handler } from "../../../broker/service.ts";
import { hashPassword } from "../passwords.ts";
import type { User } from "../users.contract.ts";
import type { UsersService } from "../users.service.ts";
import { open, type Opening } from "../users.store.ts";

/** Opens an account for whoever asks: a customer's, never more. */
export const register: Handler<"users.register", UsersService> = function (ctx) {
	return openAccount(this, ctx.origin, { ...ctx.params, roles: ["customer"] });
};

/** Opens an account: the password is hashed first, and what is kept of it is the hash alone. Throws EmailTaken. */
export async function openAccount(
	{ store, keys }: UsersService,
	origin: Origin,
	{ password, ...person }: Omit<Opening, "passwordHash"> & { password: string }
): Promise<User> {
	const passwordHash = await hashPassword(password);
	const { idempotency } = origin;
	// The record of a client's key keeps a digest of the request, and this request has a password in it: a plain digest
	// could be guessed at far faster than the hash that protects the account.
	const keyed = idempotency && { ...idempotency, fingerprint: keys.digest(idempotency.fingerprint) };
	const cause = { origin: keyed ? { ...origin, idempotency: keyed } : origin };
	return store.transact(cause, unit => open(unit, { ...person, passwordHash }));
}
