import type { Handler } from "../../../broker/service.ts";
import type { UsersService } from "../users.service.ts";
import { read } from "../users.store.ts";

/** How a user is reached. On the way of every order, which asks it whether the user is real. */
export const contact: Handler<"users.contact", UsersService> = async function (ctx) {
	const { user, preferences } = await read(this.rows, ctx.params.id);
	const { id, name, email, phone } = user;
	return { id, name, email, ...(phone === undefined ? {} : { phone }), language: preferences.language };
};
