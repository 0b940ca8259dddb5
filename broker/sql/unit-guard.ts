import { AsyncLocalStorage } from "node:async_hooks";

const units = new AsyncLocalStorage<string>();

/** Runs the work of a unit, marked as such. */
export const insideUnit = <T>(unit: string, run: () => Promise<T>): Promise<T> => units.run(unit, run);

/** Refuses what must not happen while a transaction is open: calls, HTTP, another store. A programming error, thrown. */
export function assertOutsideUnit(what: string): void {
	const unit = units.getStore();
	if (unit !== undefined)
		throw new Error(`${what} inside the unit of work of ${unit}: a unit touches nothing but its tx`);
}
