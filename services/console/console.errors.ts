import { Refusal } from "../../broker/errors.ts";

/** Nothing is known of this trace or request: it was not recorded, or newer ones took its place. */
export class TraceNotFound extends Refusal {
	constructor(id: string) {
		super(`No trace is kept of ${id}`, 404, "TRACE_NOT_FOUND", { id });
	}
}
