import type { Handler } from "../../../broker/service.ts";
import type { UsersService } from "../users.service.ts";
import { page } from "../users.store.ts";

/** A page of the users there are; removed ones are not among them. */
export const list: Handler<"users.list", UsersService> = function (ctx) {
	return page(this, ctx.params);
};
