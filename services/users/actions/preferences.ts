import type { Handler } from "../../../broker/service.ts";
import type { UsersService } from "../users.service.ts";
import { read } from "../users.store.ts";

/** How a user wishes to be written to. */
export const preferences: Handler<"users.preferences", UsersService> = async function (ctx) {
	ctx.assertOwner(ctx.params.id);
	return (await read(this.rows, ctx.params.id)).preferences;
};
