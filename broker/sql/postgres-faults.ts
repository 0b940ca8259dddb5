import { StoreUnavailable } from "../errors.ts";

/** What is to be made of an error of the driver. */
export type Fault =
	/** Another transaction was faster: run again, it may well pass. */
	| "conflict"
	/** Two transactions wrote what may be there once, or the work itself is wrong: run again, and it is known. */
	| "constraint"
	/** The connection broke, or was never made. What became of the statement is not known. */
	| "lost"
	/** The server is there and cannot do it now. */
	| "unavailable"
	/** The statement's own. */
	| "own";

/** The server's classes of errors (postgresql.org/docs/current/errcodes-appendix.html), by what their codes begin with. */
const CODES: [RegExp, Fault][] = [
	[/^(40001|40P01)$/, "conflict"],
	[/^23/, "constraint"],
	[/^(08|57P|25P03)/, "lost"],
	[/^(53|58|57014|55P03|25006)/, "unavailable"]
];

/** An error of the driver, and what is to be made of it. */
export class PostgresFault extends Error {
	override name = "PostgresFault";
	readonly fault: Fault;

	constructor(cause: unknown) {
		const { severity, code, message } = cause as { severity?: unknown; code?: unknown; message?: string };
		super(message, { cause });
		// With a severity it came from the server; without one there was no answer.
		if (typeof severity === "string") this.fault = CODES.find(([begins]) => begins.test(String(code)))?.[1] ?? "own";
		// Said by the pool when none of its connections came free.
		else this.fault = message?.startsWith("timeout exceeded when trying to connect") ? "unavailable" : "lost";
	}
}

/** What a caller is told of an error: StoreUnavailable where the surroundings are at fault, else the error itself. */
export function toldOf(store: string, error: unknown): unknown {
	if (!(error instanceof PostgresFault)) return error;
	if (error.fault === "own" || error.fault === "constraint") return error.cause;
	return new StoreUnavailable(store, (error.cause as { code?: string }).code ?? error.message);
}
