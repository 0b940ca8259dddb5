import { join } from "node:path";
import type { Call } from "../../broker/context.ts";
import type { Actions } from "../../broker/contract.ts";
import { codeOf, VersionConflict } from "../../broker/errors.ts";
import { uuid7 } from "../../broker/ids.ts";
import { runtimeOf } from "../../broker/runtime.ts";
import { type EventHandler, type Handler, serve, service } from "../../broker/service.ts";
import { inbox, type InboxService } from "../../mixins/inbox.mixin.ts";
import { outbox } from "../../mixins/outbox.mixin.ts";
import { store } from "../../mixins/store.mixin.ts";
import { aboutOf, letters, type Told } from "./letters.ts";
import { mailboxFolder } from "./mailbox.ts";
import { notifications } from "./notifications.contract.ts";
import { RecipientNotFound } from "./notifications.errors.ts";
import { Sender, type Patience } from "./notifications.sender.ts";
import {
	find,
	insert,
	markRemoved,
	model,
	notificationOf,
	requeue,
	type NotificationRow
} from "./notifications.store.ts";

export type NotificationsService = InboxService & { settings: { sending: Patience }; sender: Sender };

/** Tells a customer of an event, once. Nobody to write to is nothing to wait for. */
const tell = <Type extends Told>(type: Type): EventHandler<Type, NotificationsService> =>
	async function (event, ctx) {
		const to = await contactOf(ctx, event.data.userId);
		await ctx.once(async unit => {
			if (!to) return;
			const letter = letters[type](event.data, to.name);
			await insert(unit, { kind: type, about: aboutOf(event), to, origin: ctx.origin, ...letter });
			unit.afterCommit(() => this.sender.wake());
		});
	};

const list: Handler<"notifications.list", NotificationsService> = async function (ctx) {
	const { limit, after, ...filter } = ctx.params;
	const staff = ctx.is("staff");
	const where = { removed_at: null, ...filter, ...(staff ? {} : { user_id: ctx.userId() }) };
	const { items, ...more } = await this.page<NotificationRow>({ where, limit, after });
	return { items: items.map(row => notificationOf(row, staff)), ...more };
};

const listOfUser: Handler<"notifications.listOfUser", NotificationsService> = async function (ctx) {
	const { id, ...request } = ctx.params;
	ctx.assertOwner(id);
	const where = { removed_at: null, user_id: id };
	const { items, ...more } = await this.page<NotificationRow>({ where, ...request });
	return { items: items.map(row => notificationOf(row, ctx.is("staff"))), ...more };
};

const get: Handler<"notifications.get", NotificationsService> = async function (ctx) {
	const row = await find(this.store, ctx.params.id);
	ctx.assertOwner(row.user_id);
	return notificationOf(row, ctx.is("staff"));
};

const create: Handler<"notifications.create", NotificationsService> = async function (ctx) {
	const { userId, ...letter } = ctx.params;
	const to = await contactOf(ctx, userId);
	const about = `message/${uuid7()}`;
	return this.store.transact(ctx, async unit => {
		// Inside, where a repeated key is answered first: the user may have gone since.
		if (!to) throw new RecipientNotFound(userId);
		const row = await insert(unit, { kind: "message", about, to, origin: ctx.origin, ...letter });
		unit.afterCommit(() => this.sender.wake());
		return notificationOf(row!, true);
	});
};

const send: Handler<"notifications.send", NotificationsService> = function (ctx) {
	return this.store.transact(ctx, async unit => {
		assertExpected(await find(unit, ctx.params.id), ctx.ifMatch);
		const row = await requeue(unit, ctx.params.id);
		unit.afterCommit(() => this.sender.wake());
		return notificationOf(row!, true);
	});
};

const remove: Handler<"notifications.remove", NotificationsService> = function (ctx) {
	return this.store.transact(ctx, async unit => {
		const row = await find(unit, ctx.params.id);
		ctx.assertOwner(row.user_id);
		assertExpected(row, ctx.ifMatch);
		await markRemoved(unit, row.id);
		return null;
	});
};

/** How a user is reached; undefined when there is no such user any more. */
async function contactOf(ctx: { call: Call }, id: number): Promise<Actions["users.contact"]["result"] | undefined> {
	try {
		return await ctx.call("users.contact", { id });
	} catch (error) {
		if (codeOf(error) === "USER_NOT_FOUND") return undefined;
		throw error;
	}
}

/** Throws VersionConflict. */
function assertExpected({ version }: NotificationRow, expected: number | undefined): void {
	if (expected !== undefined && expected !== version) throw new VersionConflict(expected, version);
}

export default service<NotificationsService>({
	name: "notifications",
	settings: { sending: { tries: 10, firstPauseMs: 1_000, longestPauseMs: 300_000, pollMs: 1_000 } },
	mixins: [
		store<NotificationsService>({ model }),
		outbox(),
		inbox({
			"user.created": tell("user.created"),
			"order.confirmed": tell("order.confirmed"),
			"order.cancelled": tell("order.cancelled"),
			"order.shipped": tell("order.shipped"),
			"order.delivered": tell("order.delivered"),
			"payment.refunded": tell("payment.refunded")
		})
	],
	actions: serve(notifications, { list, listOfUser, get, create, send, remove }),
	started() {
		const { env, ready, quieting } = runtimeOf(this.broker);
		const mailer = mailboxFolder(join(env.DATA_DIR, "mailbox"));
		this.sender = new Sender(this.store, mailer, this.logger, this.settings.sending);
		ready.push(() => this.sender.start());
		quieting.push(() => this.sender.stop());
	}
});
