import { Errors } from "moleculer";

/** A refusal: the request was understood and is turned down, nothing changed, and sending it again alone will not help. */
export class Refusal extends Errors.MoleculerClientError {
	constructor(message: string, status: number, code: string, facts: Record<string, unknown> = {}) {
		super(message, status, code, facts);
		this.name = new.target.name;
	}
}

/** A fault that passes: the caller may send the same request again, with the same key, after a while. */
export class Unavailable extends Errors.MoleculerRetryableError {
	constructor(message: string, code: string, facts: Record<string, unknown> = {}) {
		super(message, 503, code, facts);
		this.name = new.target.name;
	}
}

/** A class of refusals, as a contract lists it. */
export interface RefusalClass {
	// The facts differ from class to class; the contract only names the class.
	// eslint-disable-next-line @typescript-eslint/no-explicit-any
	new (...facts: any[]): Refusal;
	readonly name: string;
}

/** One thing that is wrong with a request: where (a JSON pointer into the body, or a parameter's name) and why. */
export interface Flaw {
	pointer?: string;
	parameter?: string;
	detail: string;
}

/** The request does not have the shape its contract asks for. */
export class ValidationFailed extends Refusal {
	constructor(flaws: Flaw[]) {
		super("The request does not match its contract", 400, "VALIDATION_FAILED", { errors: flaws });
	}
}

/** No valid token came with a request that needs one. `title` is `No token` or `Invalid token`. */
export class Unauthenticated extends Refusal {
	constructor(title: "No token" | "Invalid token" = "No token") {
		super(title, 401, title === "No token" ? "NO_TOKEN" : "INVALID_TOKEN", { error: title });
	}
}

/** The caller is known and may not do this. */
export class Forbidden extends Refusal {
	constructor(action: string) {
		super("You may not do this", 403, "FORBIDDEN", { action });
	}
}

/** An Idempotency-Key is required here. */
export class IdempotencyKeyMissing extends Refusal {
	constructor() {
		super("This request needs an Idempotency-Key header", 400, "IDEMPOTENCY_KEY_MISSING");
	}
}

/** The Idempotency-Key is not 8 to 255 visible ASCII characters, bare or quoted. */
export class IdempotencyKeyMalformed extends Refusal {
	constructor() {
		super("An Idempotency-Key is 8 to 255 visible ASCII characters", 400, "IDEMPOTENCY_KEY_MALFORMED");
	}
}

/** The key was used before, for another request. */
export class IdempotencyKeyReused extends Refusal {
	constructor(key: string) {
		super("This Idempotency-Key was used for another request", 422, "IDEMPOTENCY_KEY_REUSED", { key });
	}
}

/** If-Match named a version that is not the current one. */
export class VersionConflict extends Refusal {
	constructor(expected: number, current: number) {
		super("The resource has changed since it was read", 412, "VERSION_CONFLICT", { expected, current });
	}
}

/** The store could not write: busy, full, or gone. */
export class StoreUnavailable extends Unavailable {
	constructor(store: string, cause: string) {
		super("The store cannot take this now", "STORE_UNAVAILABLE", { store, cause });
	}
}

/** The time given for this request was over before its effect was committed, so nothing was changed. */
export class DeadlineExceeded extends Unavailable {
	constructor(unit: string) {
		super("The time for this request was over before it could be done", "DEADLINE_EXCEEDED", { unit });
	}
}

/** A call from another process did not prove which service it comes from. A fault, not a refusal: the set-up is wrong, not what was asked. */
export class CallerNotTrusted extends Unavailable {
	constructor(why: string) {
		super("The calling process did not prove who it is", "CALLER_NOT_TRUSTED", { why });
	}
}

/** Makes of what came over the wire the refusal or the passing fault that it was: same parent, name, code and facts. */
export class SoukErrors extends Errors.Regenerator {
	override restoreCustomError({ name, message, code, type, retryable, data }: Errors.PlainMoleculerError): Error {
		const refused = isRefusal({ code, retryable });
		// Nothing means that Moleculer makes it itself, though its types forget that.
		if (name in Errors || !type || !(refused || (retryable && code === 503))) return undefined as unknown as Error;
		const facts = data as Record<string, unknown>;
		const error = refused ? new Refusal(message, code, type, facts) : new Unavailable(message, type, facts);
		error.name = name;
		return error;
	}
}

/** The code of an error, the same whether the class survived the wire or not. */
export const codeOf = (error: unknown): string | undefined => (error as { type?: string } | undefined)?.type;

/** Why something was refused: its own code, or that of the decision before, where it only says that it comes too late. */
export const reasonOf = (error: unknown): string =>
	(error as { data?: { because?: string } } | undefined)?.data?.because ?? codeOf(error) ?? "REFUSED";

/** Whether an error is a refusal: a decision that will be the same next time, unlike a fault. */
export function isRefusal(error: unknown): boolean {
	const { code, retryable } = (error ?? {}) as { code?: unknown; retryable?: boolean };
	// Moleculer's own 404 (service not found) and 429 (queue full) are faults: they are marked retryable.
	return typeof code === "number" && code >= 400 && code < 500 && !retryable;
}

/** Whether a fault passes by itself: the surroundings are at fault, and the same may be tried again. */
export const isTransient = (error: unknown): boolean =>
	(error as { retryable?: boolean } | undefined)?.retryable === true;

const ABSENCES = ["SERVICE_NOT_FOUND", "SERVICE_NOT_AVAILABLE", "QUEUE_FULL", "STORE_UNAVAILABLE"];

/** Whether a call came to nobody who could have done it: a service or its store is away, or has more to do than it takes. */
export const isAbsence = (error: unknown): boolean => isTransient(error) && ABSENCES.includes(codeOf(error) ?? "");
