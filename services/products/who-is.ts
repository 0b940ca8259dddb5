import type { Ctx } from "../../broker/context.ts";

/** The user who asks, where it is one. */
export const whoIs = ({ identity }: Pick<Ctx, "identity">): number | undefined =>
	identity.kind === "user" ? identity.userId : undefined;
