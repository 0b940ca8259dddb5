import type { Handler } from "../../../broker/service.ts";
import type { UsersService } from "../users.service.ts";
import { read } from "../users.store.ts";

/** One user. Who it belongs to follows from the id, so a stranger is refused whether there is such a user or not. */
export const get: Handler<"users.get", UsersService> = async function (ctx) {
	ctx.assertOwner(ctx.params.id);
	return (await read(this.rows, ctx.params.id)).user;
};
