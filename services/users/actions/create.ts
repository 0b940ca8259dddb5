import type { Handler } from "../../../broker/service.ts";
import { rolesOf } from "../user.ts";
import type { UsersService } from "../users.service.ts";
import { openAccount } from "./register.ts";

/** Opens an account for somebody else, with the roles they need. */
export const create: Handler<"users.create", UsersService> = function (ctx) {
	return openAccount(this, ctx.origin, { ...ctx.params, roles: rolesOf(ctx.params.roles) });
};
