import { Errors } from "moleculer";
import * as errors from "../../../broker/errors.ts";
import { DeadLetterFailedAgain, DeadLetterNotFound } from "../../../broker/dead-letters.ts";

const { codeOf, isRefusal, Refusal, Unavailable } = errors;

/** An error as it arrives from another process: its class is lost. */
const overTheWire = (error: Error) => Object.assign(new Error(error.message), JSON.parse(JSON.stringify(error)));

describe("each refusal of the core", () => {
	it.each([
		[new errors.ValidationFailed([{ pointer: "/a", detail: "is wrong" }]), 400, "VALIDATION_FAILED"],
		[new errors.Unauthenticated(), 401, "NO_TOKEN"],
		[new errors.Unauthenticated("Invalid token"), 401, "INVALID_TOKEN"],
		[new errors.Forbidden("orders.get"), 403, "FORBIDDEN"],
		[new errors.IdempotencyKeyMissing(), 400, "IDEMPOTENCY_KEY_MISSING"],
		[new errors.IdempotencyKeyMalformed(), 400, "IDEMPOTENCY_KEY_MALFORMED"],
		[new errors.IdempotencyKeyReused("key"), 422, "IDEMPOTENCY_KEY_REUSED"],
		[new errors.VersionConflict(1, 2), 412, "VERSION_CONFLICT"],
		[new DeadLetterNotFound("orders-1"), 404, "DEAD_LETTER_NOT_FOUND"],
		[new DeadLetterFailedAgain("orders-1", "why"), 409, "DEAD_LETTER_FAILED_AGAIN"]
	])("%s is a refusal, here and from another process", (error, status, code) => {
		expect(error).toBeInstanceOf(Refusal);
		expect([error.code, error.type, error.name]).toEqual([status, code, error.constructor.name]);
		for (const one of [error, overTheWire(error)]) expect([isRefusal(one), codeOf(one)]).toEqual([true, code]);
	});
});

describe("a fault that passes", () => {
	it.each([new errors.StoreUnavailable("orders", "SQLITE_BUSY"), new errors.DeadlineExceeded("orders.place")])(
		"%s is no refusal and may be tried again",
		error => {
			expect(error).toBeInstanceOf(Unavailable);
			expect([error.code, error.retryable, isRefusal(error), isRefusal(overTheWire(error))]).toEqual([
				503,
				true,
				false,
				false
			]);
		}
	);

	it("is also what Moleculer says with a status of 4xx: a service that is not there, a queue that is full", () => {
		expect(isRefusal(new Errors.ServiceNotFoundError({ action: "a", nodeID: "b" }))).toBe(false);
		expect(isRefusal(new Errors.QueueIsFullError({ action: "a", nodeID: "b" } as never))).toBe(false);
		expect(isRefusal(new Errors.RequestTimeoutError({ action: "a", nodeID: "b" }))).toBe(false);
	});
});

it("anything else is neither a refusal nor has it a code", () => {
	for (const what of [undefined, null, "text", new Error("plain"), { code: "SQLITE_BUSY" }]) {
		expect(isRefusal(what)).toBe(false);
		expect(codeOf(what ?? undefined)).toBeUndefined();
	}
});
