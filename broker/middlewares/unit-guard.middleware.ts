import type { CallingOptions, Middleware } from "moleculer";
import { assertOutsideUnit } from "../sql/unit-guard.ts";

type CallHandler = (actionName: string, params: unknown, options: CallingOptions) => Promise<unknown>;

/** Refuses calls to any service while a transaction is open: a unit of work must not wait for others. */
export const unitGuardMiddleware: Middleware = {
	name: "UnitGuard",
	call: ((next: CallHandler) => (actionName: string, params: unknown, options: CallingOptions) => {
		try {
			assertOutsideUnit(`A call to ${actionName}`);
		} catch (error) {
			return Promise.reject(error as Error);
		}
		return next(actionName, params, options);
	}) as unknown as Middleware["call"]
};
