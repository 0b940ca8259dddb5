import type { Call } from "../../broker/context.ts";
import { codeOf } from "../../broker/errors.ts";
import type { Recipient } from "./notifications.contract.ts";

/** How a user is reached, and how they wish to be; undefined when there is no such user any more. */
export async function recipientOf(ctx: { call: Call }, id: number): Promise<Recipient | undefined> {
	try {
		return await ctx.call("users.recipient", { id });
	} catch (error) {
		if (codeOf(error) === "USER_NOT_FOUND") return undefined;
		throw error;
	}
}
