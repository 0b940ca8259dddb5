import { Refusal, Unavailable, type Flaw } from "../../broker/errors.ts";

/** Nothing answers at this address. */
export class RouteNotFound extends Refusal {
	constructor() {
		super("Nothing answers at this address", 404, "ROUTE_NOT_FOUND");
	}
}

/** The address answers, but not to this method. `allow` lists those it answers to. */
export class MethodNotAllowed extends Refusal {
	constructor(allow: readonly string[] = []) {
		super("This address does not answer to this method", 405, "METHOD_NOT_ALLOWED", { allow });
	}
}

/** A part of the path is no valid percent-encoding. */
export class PathMalformed extends Refusal {
	constructor() {
		super("The path is not well encoded", 400, "PATH_MALFORMED");
	}
}

/** The query is not a plain list of names and values. */
export class QueryMalformed extends Refusal {
	constructor(flaws: Flaw[] = []) {
		super("The query is not a plain list of parameters", 400, "QUERY_MALFORMED", { errors: flaws });
	}
}

/** The body is not the JSON object it should be. */
export class BodyMalformed extends Refusal {
	constructor(flaws: Flaw[] = []) {
		super("The body is not a well-formed JSON object", 400, "BODY_MALFORMED", { errors: flaws });
	}
}

/** The body is longer than what anybody here reads. */
export class BodyTooLarge extends Refusal {
	constructor(limit = 0) {
		super(`The body is longer than ${limit} bytes`, 413, "BODY_TOO_LARGE", { limit });
	}
}

/** The body is not declared as plain JSON in UTF-8. */
export class MediaTypeNotSupported extends Refusal {
	constructor() {
		super("A body must be application/json in UTF-8, not compressed", 415, "MEDIA_TYPE_NOT_SUPPORTED");
	}
}

/** If-Match does not name one version. */
export class IfMatchMalformed extends Refusal {
	constructor() {
		super('If-Match names one version as its ETag was given: "3"', 400, "IF_MATCH_MALFORMED");
	}
}

/** The caller has used up what it may send for now. */
export class TooManyRequests extends Refusal {
	constructor(retryAfter = 1) {
		super(`Too many requests; go on in ${retryAfter} s`, 429, "TOO_MANY_REQUESTS", { retryAfter });
	}
}

/** The gateway has as much under way as it can bear. Nothing was begun. */
export class Overloaded extends Unavailable {
	constructor() {
		super("There is too much to do at the moment; nothing was begun", "OVERLOADED");
	}
}

/** The process is still starting. */
export class NotReady extends Unavailable {
	constructor() {
		super("The service is still starting", "NOT_READY");
	}
}

/** The service behind a route cannot be reached, or has refused before it began. */
export class ServiceUnavailable extends Unavailable {
	constructor(service = "") {
		super(`The service ${service} cannot take this now; nothing was begun`, "SERVICE_UNAVAILABLE", { service });
	}
}

/** The application behind the addresses that Souk has no route for cannot be reached, or broke off. */
export class LegacyUnavailable extends Unavailable {
	constructor() {
		super("The application that answers here cannot be reached now", "LEGACY_UNAVAILABLE");
	}
}

/** The service has not answered in time. What a write has done by then is not known. */
export class ServiceTimeout extends Unavailable {
	constructor(service = "", writes = false) {
		const unknown = writes
			? "; whether it was done is not known, and the same request with the same Idempotency-Key is safe to send again"
			: "";
		super(`The service ${service} did not answer in time${unknown}`, "SERVICE_TIMEOUT", { service });
	}
}
