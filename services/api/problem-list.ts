import {
	Forbidden,
	IdempotencyKeyMalformed,
	IdempotencyKeyMissing,
	IdempotencyKeyReused,
	Unauthenticated
} from "../../broker/errors.ts";
import { DeadlineExceeded, StoreUnavailable, ValidationFailed, VersionConflict } from "../../broker/errors.ts";
import { titleOf } from "../../broker/contract.ts";
import * as own from "./api.errors.ts";
import { problemType } from "./problem.ts";
import type { Endpoint } from "./routes.ts";

/** What one code stands for. */
export interface ListedProblem {
	type: string;
	code: string;
	status: number;
	title: string;
}

/** What may be refused anywhere, whatever the action. */
const GENERAL = [
	...[Unauthenticated, Forbidden, ValidationFailed, VersionConflict, DeadlineExceeded, StoreUnavailable],
	...[IdempotencyKeyMissing, IdempotencyKeyMalformed, IdempotencyKeyReused],
	...Object.values(own)
];

/** Every code that a refusal may carry, in the order of the alphabet. */
export function problemsOf(endpoints: readonly Endpoint[]): ListedProblem[] {
	const listed = new Map<string, ListedProblem>();
	const add = (code: string, status: number, title: string) =>
		listed.set(code, { type: problemType(code), code, status, title });
	for (const refusal of GENERAL) {
		const sample = new (refusal as new () => { type: string; code: number })();
		add(sample.type, sample.code, titleOf(refusal.name));
	}
	add("NO_TOKEN", 401, "No token");
	add("INVALID_TOKEN", 401, "Invalid token");
	add("INTERNAL_ERROR", 500, "Internal error");
	for (const { action } of endpoints) for (const { code, status, title } of action.refuses) add(code, status, title);
	return [...listed.values()].sort((a, b) => (a.code < b.code ? -1 : 1));
}
