import type { Handler } from "../../../broker/service.ts";
import type { TasksService } from "../tasks.service.ts";
import { page } from "../tasks.store.ts";

export const list: Handler<"tasks.list", TasksService> = function (ctx) {
	const { limit, after, ...filters } = ctx.params;
	const of = ctx.is("staff") ? undefined : ctx.userId();
	return page(this.store, { ...filters, of }, { limit, after });
};

/** The same for one user's tasks. */
export const listOfUser: Handler<"tasks.listOfUser", TasksService> = function (ctx) {
	const { id: of, ...request } = ctx.params;
	ctx.assertOwner(of);
	return page(this.store, { of }, request);
};
