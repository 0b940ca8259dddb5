import type { Handler } from "../../../broker/service.ts";
import { preferring } from "../user.ts";
import type { UsersService } from "../users.service.ts";
import { find, replacePreferences } from "../users.store.ts";

/** Takes one channel from one kind of thing, as the link in a message asks. Asked for again, it is done already. */
export const mute: Handler<"users.mute", UsersService> = async function (ctx) {
	const { id, kind, channel } = ctx.params;
	return this.store.transact(ctx, async unit => {
		const { user, preferences } = await find(unit, id);
		const left = preferences.kinds[kind].filter(one => one !== channel);
		if (left.length === preferences.kinds[kind].length) return preferences;
		const next = preferring(preferences, { kinds: { [kind]: left } });
		await replacePreferences(unit, user, next);
		this.rows.forget(unit, id);
		return next;
	});
};
