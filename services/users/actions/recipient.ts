import type { Handler } from "../../../broker/service.ts";
import type { UsersService } from "../users.service.ts";
import { read } from "../users.store.ts";

/** How a user is reached, and how they wish to be told of what. */
export const recipient: Handler<"users.recipient", UsersService> = async function (ctx) {
	const { user, preferences } = await read(this.rows, ctx.params.id);
	const { id, name, email, phone } = user;
	return { id, name, email, ...(phone === undefined ? {} : { phone }), preferences };
};
