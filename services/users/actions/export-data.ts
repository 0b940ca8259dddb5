import type { Ctx } from "../../../broker/context.ts";
import { isoNow } from "../../../broker/ids.ts";
import type { Handler } from "../../../broker/service.ts";
import { loginsOf } from "../sessions.store.ts";
import type { UsersService } from "../users.service.ts";
import { read } from "../users.store.ts";

/** The most entries of one kind that an export has; whoever has more finds the rest in the list of that kind. */
const MOST = 5_000;
const PAGE = 100;

/** The lists of other services, by what they are called in the export. */
const LISTS = {
	orders: "orders.listOfUser",
	returns: "orders.listReturnsOfUser",
	payments: "payments.listOfUser",
	shipments: "shipping.listOfUser",
	messages: "notifications.listOfUser",
	tasks: "tasks.listOfUser"
} as const;
type Kind = keyof typeof LISTS;

/** Everything that is kept about a user, wherever it is kept. It fails where one of the services cannot be asked: half of it would look whole. */
export const exportData: Handler<"users.export", UsersService> = async function (ctx) {
	const { id } = ctx.params;
	ctx.assertOwner(id);
	const { user, preferences } = await read(this.rows, id);
	const kinds = Object.keys(LISTS) as Kind[];
	const lists = await Promise.all(kinds.map(kind => all(ctx, kind, id)));
	return {
		exportedAt: isoNow(),
		user,
		preferences,
		logins: await loginsOf(this.store, id),
		...(Object.fromEntries(kinds.map((kind, index) => [kind, lists[index]!.items])) as Record<Kind, never[]>),
		incomplete: kinds.filter((_, index) => lists[index]!.more)
	};
};

async function all(ctx: Ctx<unknown>, kind: Kind, id: number): Promise<{ items: unknown[]; more: boolean }> {
	const items: unknown[] = [];
	let after: number | undefined;
	do {
		const page: { items: unknown[]; next?: number | undefined } = await ctx.call(LISTS[kind], {
			id,
			limit: PAGE,
			after
		});
		items.push(...page.items);
		after = page.next;
	} while (after !== undefined && items.length < MOST);
	return { items, more: after !== undefined };
}
