import { Refusal, Unavailable } from "../../broker/errors.ts";

/** There never was such a user, or the account was removed. */
export class UserNotFound extends Refusal {
	constructor(id: number) {
		super(`There is no user ${id}`, 404, "USER_NOT_FOUND", { id });
	}
}

/** Another account has this e-mail address. */
export class EmailTaken extends Refusal {
	constructor() {
		const detail = "belongs to another account";
		super(`The e-mail address ${detail}`, 409, "EMAIL_TAKEN", { errors: [{ pointer: "/email", detail }] });
	}
}

/** The password is wrong or there is no such account; which of the two is not told. */
export class InvalidCredentials extends Refusal {
	constructor() {
		super("The e-mail address or the password is wrong", 401, "INVALID_CREDENTIALS");
	}
}

/** Too many logins failed in a row; no password is looked at until the time is over. */
export class AccountLocked extends Refusal {
	constructor(retryAfter: number) {
		super("Too many failed logins: try again later", 429, "ACCOUNT_LOCKED", { retryAfter });
	}
}

/** The refresh token is unknown, expired or revoked: sign in again. */
export class RefreshTokenInvalid extends Refusal {
	constructor() {
		super("The refresh token is not valid", 401, "REFRESH_TOKEN_INVALID");
	}
}

/** The refresh token was used before, so somebody has a copy: every token that came from the same login is revoked. */
export class RefreshTokenReused extends Refusal {
	constructor() {
		super("The refresh token was used before; sign in again", 401, "REFRESH_TOKEN_REUSED");
	}
}

/** More passwords wait to be checked than can be in the time a request has. */
export class PasswordsBusy extends Unavailable {
	constructor(waiting: number) {
		super("Too many are signing in at the moment", "PASSWORDS_BUSY", { waiting });
	}
}
