import type { Ctx } from "../../broker/context.ts";
import { codeOf, Forbidden, VersionConflict } from "../../broker/errors.ts";
import { peopleOf } from "./task.ts";
import type { Task } from "./tasks.contract.ts";

/** Who opened a task and who has it to do see and change it, and staff. Throws Forbidden. */
export function assertTheirs(ctx: Ctx, task: Task): void {
	const { identity } = ctx;
	const people = peopleOf(task);
	const asks = identity.kind === "user" && people.includes(identity.userId) ? identity.userId : people[0];
	ctx.assertOwner(asks ?? 0);
}

/** The resource is still as the caller last saw it, where the caller says so. Throws VersionConflict. */
export function assertVersion(ctx: Ctx, { version }: { version: number }): void {
	if (ctx.ifMatch !== undefined && ctx.ifMatch !== version) throw new VersionConflict(ctx.ifMatch, version);
}

/** People take tasks upon themselves; only staff give them to others. Throws Forbidden. */
export function assertMayAssign(ctx: Ctx, assigneeId: number | null | undefined, before?: number): void {
	if (assigneeId === undefined || assigneeId === null || assigneeId === before || ctx.is("staff")) return;
	if (assigneeId !== ctx.userId()) throw new Forbidden(ctx.action?.name ?? "");
}

/** Whether a task may be given to a user: whether there is one. Who is asking is known to exist. */
export async function exists(ctx: Ctx, userId: number | null | undefined): Promise<boolean> {
	if (userId === undefined || userId === null) return true;
	if (ctx.identity.kind === "user" && ctx.identity.userId === userId) return true;
	try {
		await ctx.call("users.contact", { id: userId });
		return true;
	} catch (error) {
		if (codeOf(error) === "USER_NOT_FOUND") return false;
		throw error;
	}
}
