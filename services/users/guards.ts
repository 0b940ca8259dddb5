import type { Ctx } from "../../broker/context.ts";
import { Forbidden, VersionConflict } from "../../broker/errors.ts";
import { isPrivileged } from "./user.ts";
import type { User } from "./users.contract.ts";

/** Staff look after customers; another's account with more rights than a customer's is changed by an admin. Throws Forbidden. */
export function assertMayManage(ctx: Ctx, user: User): void {
	const own = ctx.identity.kind === "user" && ctx.identity.userId === user.id;
	if (!own && isPrivileged(user) && !ctx.is("admin")) throw new Forbidden(ctx.action?.name ?? "");
}

/** The user is still as the caller last saw it, where the caller says so. Throws VersionConflict. */
export function assertVersion(ctx: Ctx, { version }: User): void {
	if (ctx.ifMatch !== undefined && ctx.ifMatch !== version) throw new VersionConflict(ctx.ifMatch, version);
}
