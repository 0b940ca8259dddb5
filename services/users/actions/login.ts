import { uuid7 } from "../../../broker/ids.ts";
import type { Handler } from "../../../broker/service.ts";
import { granted, newRefreshToken } from "../grant.ts";
import { afterFailure, type Failures, lockedFor } from "../lock-out.ts";
import { hashPassword, isOutdated, passwordFits } from "../passwords.ts";
import { begin, failuresOf, forgetFailures, recordFailures } from "../sessions.store.ts";
import { emailKey } from "../user.ts";
import { AccountLocked, InvalidCredentials } from "../users.errors.ts";
import type { UsersService } from "../users.service.ts";
import { credentialsOf, replaceHash } from "../users.store.ts";

/**
 * Signs a user in. An address that nobody has is treated like one that somebody has, lock included, so no answer tells
 * which there are. The verdict is given inside the unit: of any number of guesses at a time, ten are told whether they fit.
 */
export const login: Handler<"users.login", UsersService> = async function (ctx) {
	const { email, password } = ctx.params;
	const who = this.keys.digest(emailKey(email));
	assertUnlocked(await failuresOf(this.store, who), Date.now());
	const account = await credentialsOf(this.store, email);
	const fits = await passwordFits(account?.passwordHash, password);
	const rehashed = account && fits && isOutdated(account.passwordHash) ? await hashPassword(password) : undefined;
	const sessionId = uuid7();
	const refreshToken = newRefreshToken();
	const user = await this.store.transact(ctx, async unit => {
		const now = Date.parse(unit.now);
		const failures = await failuresOf(unit, who);
		assertUnlocked(failures, now);
		const current = fits ? await credentialsOf(unit, email) : undefined;
		if (!current || current.id !== account?.id) {
			await recordFailures(unit, who, afterFailure(failures, now));
			return undefined;
		}
		if (failures) await forgetFailures(unit, who);
		if (rehashed) await replaceHash(unit, current.id, rehashed);
		begin(unit, sessionId, current.id, refreshToken.hash);
		return current;
	});
	// Not thrown in the unit: the failure that was counted would be rolled back with it.
	if (!user) throw new InvalidCredentials();
	return granted(this.keys, user, refreshToken.token);
};

/** Throws AccountLocked. */
function assertUnlocked(failures: Failures | undefined, now: number): void {
	const seconds = lockedFor(failures, now);
	if (seconds > 0) throw new AccountLocked(seconds);
}
