import people from "../../data/seeds/users.json" with { type: "json" };
import { runtimeOf } from "../../broker/runtime.ts";
import { serve, service } from "../../broker/service.ts";
import type { Unit } from "../../broker/sql/store.ts";
import { outbox, type OutboxService } from "../../mixins/outbox.mixin.ts";
import { rows, type RowsService } from "../../mixins/rows.mixin.ts";
import { store } from "../../mixins/store.mixin.ts";
import { contact } from "./actions/contact.ts";
import { create } from "./actions/create.ts";
import { exportData } from "./actions/export-data.ts";
import { get } from "./actions/get.ts";
import { jwks } from "./actions/jwks.ts";
import { list } from "./actions/list.ts";
import { login } from "./actions/login.ts";
import { logout } from "./actions/logout.ts";
import { mute } from "./actions/mute.ts";
import { preferences } from "./actions/preferences.ts";
import { recipient } from "./actions/recipient.ts";
import { refresh } from "./actions/refresh.ts";
import { register } from "./actions/register.ts";
import { remove } from "./actions/remove.ts";
import { setPreferences } from "./actions/set-preferences.ts";
import { update } from "./actions/update.ts";
import { verify } from "./actions/verify.ts";
import { hashPassword } from "./passwords.ts";
import { tidy } from "./sessions.store.ts";
import { type Keys, openKeys } from "./signing-key.ts";
import { type User, users } from "./users.contract.ts";
import { credentialsOf, load, model, open, type UserRow } from "./users.store.ts";

const HOUR = 60 * 60 * 1_000;

export type UsersService = OutboxService &
	RowsService<UserRow> & { keys: Keys; tidying: NodeJS.Timeout; tidy(): Promise<void> };

export default service<UsersService>({
	name: "users",
	mixins: [store<UsersService>({ model, seed }), rows(load), outbox()],
	actions: serve(users, {
		register,
		login,
		refresh,
		logout,
		verify,
		jwks,
		list,
		create,
		get,
		update,
		remove,
		preferences,
		setPreferences,
		export: exportData,
		mute,
		recipient,
		contact
	}),
	async started() {
		this.keys = await openKeys(runtimeOf(this.broker).env);
		this.tidying = setInterval(() => void this.tidy(), HOUR);
	},
	stopped() {
		clearInterval(this.tidying);
	},
	methods: {
		tidy() {
			const cause = { origin: { unit: "users/tidy", correlationId: "tidy" } };
			return this.store
				.transact(cause, tidy)
				.catch((error: unknown) => this.logger.warn("Tidying up failed; the next hour tries again", error));
		}
	}
});

/** The demo accounts, all with the demo password. One whose address somebody has registered before is left out. */
async function seed({ broker }: UsersService): Promise<(unit: Unit) => Promise<void>> {
	const { DEMO_PASSWORD } = runtimeOf(broker).env;
	const hashes = await Promise.all(people.map(() => hashPassword(DEMO_PASSWORD)));
	return async unit => {
		for (const [index, { roles, ...person }] of people.entries())
			if (!(await credentialsOf(unit, person.email)))
				await open(unit, { ...person, roles: roles as User["roles"], passwordHash: hashes[index]! });
	};
}
