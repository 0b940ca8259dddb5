import { createHash } from "node:crypto";
import type { Role } from "../../broker/contract.ts";
import type { ActionDescription } from "../../broker/contract.ts";
import { describe as describeContract } from "../../broker/contract.ts";
import { codeOf } from "../../broker/errors.ts";
import { hashPassword } from "../../services/users/passwords.ts";
import { type User, users as contract } from "../../services/users/users.contract.ts";
import users, { type UsersService } from "../../services/users/users.service.ts";
import { eventually } from "../support/eventually.ts";
import { as, node, type TestNode } from "../support/node.ts";
import { tablesOf } from "../support/stores.ts";

const password = "correct horse";
const ALICE = 1;
const BOB = 2;
const STAFF = 3;
const ADMIN = 4;
const alice = { userId: ALICE };
const staff = { userId: STAFF, roles: ["staff"] as const };
const admin = { userId: ADMIN, roles: ["staff", "admin"] as const };

let n: TestNode;
const storeOf = (on: TestNode) => (on.broker.getLocalService("users") as unknown as UsersService).store;

/** Everything that is kept, as text. */
async function everything(): Promise<string> {
	const store = storeOf(n);
	const rows = await Promise.all((await tablesOf(store)).map(name => store.all(`SELECT * FROM ${name}`)));
	return JSON.stringify(rows);
}

let sequence = 0;
/** Registers somebody. */
const someone = (on = n): Promise<User> =>
	as(on, "anonymous")("users.register", { name: "Some One", email: `someone-${++sequence}@souk.test`, password });

beforeAll(async () => {
	n = await node([users], { env: { SEED_DEMO: "on" } });
});
afterAll(() => n.close());

describe("the demo accounts", () => {
	// checklist: 151
	it("are Alice, Bob, a member of staff and an admin, in this order", async () => {
		const { items } = await as(n, staff)("users.list", {});
		expect(items.slice(0, 4).map(({ id, name, email, roles }) => [id, name, email, roles])).toEqual([
			[1, "Alice", "alice@souk.test", ["customer"]],
			[2, "Bob", "bob@souk.test", ["customer"]],
			[3, "Staff", "staff@souk.test", ["staff"]],
			[4, "Admin", "admin@souk.test", ["staff", "admin"]]
		]);
	});

	it("all have the demo password", async () => {
		for (const name of ["alice", "bob", "staff", "admin"])
			await as(n, "anonymous")("users.login", { email: `${name}@souk.test`, password: "souk-demo" });
	});

	it("are made once, and not in the place of accounts that were there before", async () => {
		const first = await node([users]);
		await as(first, "anonymous")("users.register", { name: "First", email: "BOB@souk.test", password });
		await first.stop();
		for (let start = 0; start < 2; start++) {
			const again = await node([users], {
				dataDir: first.dataDir,
				env: { SEED_DEMO: "on", DEMO_PASSWORD: "other-words" }
			});
			const { items } = await as(again, staff)("users.list", {});
			expect(items.map(({ name }) => name)).toEqual(["First", "Alice", "Staff", "Admin"]);
			await as(again, "anonymous")("users.login", { email: "alice@souk.test", password: "other-words" });
			await again.stop();
		}
		await (await node([users], { dataDir: first.dataDir })).close();
	});
});

describe("registering", () => {
	// checklist: 174
	it("opens a customer's account and announces it, without a word of the password", async () => {
		const user = await as(n, "anonymous")("users.register", { name: " Carol ", email: "Carol@souk.test", password });
		expect(user).toEqual({
			id: user.id,
			name: "Carol",
			email: "Carol@souk.test",
			roles: ["customer"],
			createdAt: user.updatedAt,
			updatedAt: user.updatedAt,
			version: 1
		});
		const created = await eventually(() => {
			const found = n.of("user.created").find(({ data }) => data.userId === user.id);
			expect(found).toBeDefined();
			return found!;
		});
		expect(created).toMatchObject({ subject: `user/${user.id}`, sequence: 1, source: "/souk/users" });
		expect(created.data).toEqual({ userId: user.id, name: "Carol", email: "Carol@souk.test", roles: ["customer"] });
	});

	it("is refused when the e-mail address is taken, in whatever case it is written", async () => {
		await expect(
			as(n, "anonymous")("users.register", { name: "Other", email: "cArOl@SOUK.test", password })
		).rejects.toMatchObject({
			code: 409,
			type: "EMAIL_TAKEN",
			data: { errors: [{ pointer: "/email", detail: "belongs to another account" }] }
		});
	});

	it("makes one account of twenty that ask for one address at once", async () => {
		const email = "race@souk.test";
		const before = n.of("user.created").length;
		const answers = await Promise.allSettled(
			Array.from({ length: 20 }, (_, index) =>
				as(n, "anonymous")("users.register", {
					name: `Racer ${index}`,
					email: index % 2 ? email : email.toUpperCase(),
					password
				})
			)
		);
		expect(answers.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
		const codes = answers.flatMap(answer => (answer.status === "rejected" ? codeOf(answer.reason) : []));
		expect(new Set(codes)).toEqual(new Set(["EMAIL_TAKEN"]));
		const { items } = await as(n, staff)("users.list", { search: email });
		expect(items).toHaveLength(1);
		await eventually(() => expect(n.of("user.created").length).toBe(before + 1));
	});

	it.each([
		["no password", { name: "A", email: "a@souk.test" }, "/password"],
		["a short password", { name: "A", email: "a@souk.test", password: "1234567" }, "/password"],
		["a password without end", { name: "A", email: "a@souk.test", password: "x".repeat(257) }, "/password"],
		["no address", { name: "A", email: "a at souk", password }, "/email"],
		["no name", { name: "  ", email: "a@souk.test", password }, "/name"],
		["a name of two lines", { name: "A\nB", email: "a@souk.test", password }, "/name"],
		["roles it wants", { name: "A", email: "a@souk.test", password, roles: ["admin"] }, "/roles"]
	])("is refused with %s", async (_, params, pointer) => {
		await expect(as(n, "anonymous")("users.register", params as never)).rejects.toMatchObject({
			code: 400,
			type: "VALIDATION_FAILED",
			data: { errors: [{ pointer }] }
		});
	});
});

describe("registering with an Idempotency-Key", () => {
	const params = { name: "Dora", email: "dora@souk.test", password };
	const keyed = (more: object = {}) =>
		as(n, "anonymous", { "idempotency-key": "key-of-dora" })("users.register", { ...params, ...more });

	it("answers the second time what it answered the first, and opens one account", async () => {
		const [first, second] = [await keyed(), await keyed()];
		expect(second).toEqual(first);
		expect((await as(n, staff)("users.list", { search: "dora@" })).items).toHaveLength(1);
		await eventually(() => expect(n.of("user.created").filter(({ data }) => data.userId === first.id)).toHaveLength(1));
	});

	it("is refused when anything in the request differs, the password too", async () => {
		await expect(keyed({ name: "Dorothy" })).rejects.toMatchObject({ code: 422, type: "IDEMPOTENCY_KEY_REUSED" });
		await expect(keyed({ password: "other horse" })).rejects.toMatchObject({ type: "IDEMPOTENCY_KEY_REUSED" });
	});

	it("keeps no digest that a password could be guessed by", async () => {
		const plain = createHash("sha256").update(JSON.stringify(params)).digest("base64url");
		const kept = await everything();
		expect(kept).toContain("key-of-dora");
		expect(kept).not.toContain(plain);
		expect(kept).not.toContain(password);
	});
});

describe("creating a user", () => {
	it("gives the roles that were asked for, and makes an admin staff as well", async () => {
		const params = { name: "Eve", email: "eve@souk.test", password, phone: "+4930123456" };
		const user = await as(n, admin)("users.create", { ...params, roles: ["admin", "admin"] });
		expect(user).toMatchObject({ roles: ["staff", "admin"], phone: "+4930123456", version: 1 });
		await as(n, "anonymous")("users.login", { email: "eve@souk.test", password });
	});

	it("makes a customer when no role is asked for", async () => {
		const user = await as(n, admin)("users.create", { name: "Finn", email: "finn@souk.test", password });
		expect(user.roles).toEqual(["customer"]);
		expect(user).not.toHaveProperty("phone");
	});

	it("is refused when the address is taken, and repeated with a key it is not", async () => {
		const params = { name: "Gus", email: "gus@souk.test", password };
		const keyed = as(n, admin, { "idempotency-key": "key-of-gus" });
		const first = await keyed("users.create", params);
		expect(await keyed("users.create", params)).toEqual(first);
		await expect(as(n, admin)("users.create", params)).rejects.toMatchObject({ type: "EMAIL_TAKEN" });
	});

	it.each([[{ roles: [] }], [{ roles: ["root"] }], [{ phone: "030 123" }]])("is refused with %j", async more => {
		const params = { name: "A", email: "a@souk.test", password, ...more };
		await expect(as(n, admin)("users.create", params as never)).rejects.toMatchObject({ type: "VALIDATION_FAILED" });
	});
});

describe("reading users", () => {
	it("answers one by its id, and refuses an id that nobody has", async () => {
		expect(await as(n, alice)("users.get", { id: ALICE })).toMatchObject({
			id: 1,
			name: "Alice",
			email: "alice@souk.test",
			phone: "+12025550101"
		});
		await expect(as(n, staff)("users.get", { id: 999_999 })).rejects.toMatchObject({
			code: 404,
			type: "USER_NOT_FOUND"
		});
	});

	it("answers pages, the oldest first, each user once", async () => {
		const seen: number[] = [];
		for (let after: number | undefined; ; ) {
			const { items, next } = await as(n, staff)("users.list", { limit: 3, ...(after ? { after } : {}) });
			seen.push(...items.map(({ id }) => id));
			if (next === undefined) break;
			expect(items).toHaveLength(3);
			after = next;
		}
		const ids = await storeOf(n).all<{ id: number }>("SELECT id FROM users WHERE removed_at IS NULL ORDER BY id");
		expect(seen).toEqual(ids.map(({ id }) => id));
	});

	it("finds by name, by address and by role, and takes no wildcard from the one who asks", async () => {
		const find = async (query: { search?: string; role?: Role }) =>
			(await as(n, staff)("users.list", { ...query, limit: 100 })).items;
		expect((await find({ search: "ALICE" })).map(({ id }) => id)).toEqual([ALICE]);
		expect((await find({ search: "bob@souk" })).map(({ id }) => id)).toEqual([BOB]);
		expect((await find({ role: "staff" })).map(({ id }) => id)).toEqual(expect.arrayContaining([STAFF, ADMIN]));
		expect((await find({ role: "admin" })).every(({ roles }) => roles.includes("admin"))).toBe(true);
		expect((await find({ role: "customer", search: "staff@" })).map(({ id }) => id)).toEqual([]);
		expect(await find({ search: "a%e@souk" })).toEqual([]);
		expect(await find({ search: "alic_@souk" })).toEqual([]);
		expect(await find({ search: "' OR 1=1 --" })).toEqual([]);
	});

	it("never shows a hash, in whatever is asked for", async () => {
		const answers = [
			await as(n, staff)("users.list", {}),
			await as(n, staff)("users.get", { id: ALICE }),
			await n.call("users.contact", { id: ALICE })
		];
		expect(JSON.stringify(answers)).not.toMatch(/argon2|hash|password/i);
		expect(JSON.stringify(n.heard)).not.toMatch(/argon2|hash|password/i);
	});
});

describe("changing a user", () => {
	// checklist: 175
	it("makes a version and an event of each change", async () => {
		const user = await someone();
		const self = as(n, { userId: user.id });
		const renamed = await self("users.update", { id: user.id, name: "Renamed", phone: "+4930123456" });
		expect(renamed).toMatchObject({
			...user,
			name: "Renamed",
			phone: "+4930123456",
			updatedAt: renamed.updatedAt,
			version: 2
		});
		expect(await self("users.get", { id: user.id })).toEqual(renamed);
		expect(await self("users.update", { id: user.id, phone: null })).not.toHaveProperty("phone");
		expect((await as(n, staff)("users.list", { search: "renamed" })).items.map(({ id }) => id)).toEqual([user.id]);
		await eventually(() => {
			const events = n.of("user.updated").filter(({ data }) => data.userId === user.id);
			expect(events.map(({ sequence: version }) => version)).toEqual([2, 3]);
			expect(events[0]!.data).toEqual({ userId: user.id, name: "Renamed", email: user.email, roles: ["customer"] });
		});
	});

	it("makes neither of what is as it was", async () => {
		const user = await someone();
		const self = as(n, { userId: user.id });
		expect(await self("users.update", { id: user.id, name: user.name, roles: user.roles })).toEqual(user);
		expect(await self("users.update", { id: user.id })).toEqual(user);
		expect(await storeOf(n).all("SELECT seq FROM outbox WHERE subject = ?", [`user/${user.id}`])).toHaveLength(1);
	});

	it("moves the login to another address, which only one account can have", async () => {
		const [user, other] = [await someone(), await someone()];
		const self = as(n, { userId: user.id });
		await expect(self("users.update", { id: user.id, email: other.email.toUpperCase() })).rejects.toMatchObject({
			code: 409,
			type: "EMAIL_TAKEN"
		});
		const email = `moved-${user.email}`;
		await self("users.update", { id: user.id, email });
		await self("users.update", { id: user.id, email: email.toUpperCase() });
		await as(n, "anonymous")("users.login", { email, password });
		await expect(as(n, "anonymous")("users.login", { email: user.email, password })).rejects.toMatchObject({
			type: "INVALID_CREDENTIALS"
		});
		await as(n, "anonymous")("users.register", { name: "Next", email: user.email, password });
	});

	it("is refused when If-Match names another version than the current one", async () => {
		const user = await someone();
		const call = (version: number) =>
			as(n, { userId: user.id }, { "if-match": String(version) })("users.update", { id: user.id, name: `V${version}` });
		expect(await call(1)).toMatchObject({ version: 2 });
		await expect(call(1)).rejects.toMatchObject({
			code: 412,
			type: "VERSION_CONFLICT",
			data: { expected: 1, current: 2 }
		});
		const racers = await Promise.allSettled([call(2), call(2), call(2)]);
		expect(racers.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
	});

	it("gives roles only by the hand of an admin", async () => {
		const user = await someone();
		const change = { id: user.id, roles: ["admin"] as Role[] };
		for (const who of [{ userId: user.id }, staff])
			await expect(as(n, who)("users.update", change)).rejects.toMatchObject({ code: 403, type: "FORBIDDEN" });
		expect((await as(n, admin)("users.update", change)).roles).toEqual(["staff", "admin"]);
	});

	it("of staff is for an admin or the member of staff", async () => {
		for (const change of ["users.update", "users.setPreferences", "users.remove"] as const)
			await expect(as(n, staff)(change, { id: ADMIN })).rejects.toMatchObject({ code: 403, type: "FORBIDDEN" });
		expect(await as(n, staff)("users.update", { id: STAFF, name: "Stella" })).toMatchObject({ name: "Stella" });
		expect(await as(n, admin)("users.update", { id: STAFF, name: "Staff" })).toMatchObject({ name: "Staff" });
	});

	it("is refused where there is none", async () => {
		for (const change of ["users.update", "users.setPreferences", "users.remove"] as const)
			await expect(as(n, admin)(change, { id: 999_999 })).rejects.toMatchObject({ code: 404, type: "USER_NOT_FOUND" });
	});
});

describe("removing a user", () => {
	it("erases what names the person, frees the address and ends every login", async () => {
		const user = await someone();
		const self = as(n, { userId: user.id });
		await self("users.update", { id: user.id, name: "Gone Tomorrow", phone: "+4930999999" });
		const { refreshToken, accessToken } = await as(n, "anonymous")("users.login", { email: user.email, password });
		expect(await self("users.remove", { id: user.id })).toBeNull();

		const [row] = await storeOf(n).all("SELECT * FROM users WHERE id = ?", [user.id]);
		expect(row).toMatchObject({ name: "deleted user", email: "", email_key: null, phone: null, password_hash: "" });
		expect(JSON.stringify(row)).not.toMatch(/gone|someone|argon2|4930/i);
		for (const read of ["users.get", "users.preferences"] as const)
			await expect(as(n, staff)(read, { id: user.id })).rejects.toMatchObject({ type: "USER_NOT_FOUND" });
		await expect(n.call("users.contact", { id: user.id })).rejects.toMatchObject({ type: "USER_NOT_FOUND" });
		expect((await as(n, staff)("users.list", { search: "gone tomorrow" })).items).toEqual([]);
		expect((await as(n, staff)("users.list", { search: "deleted" })).items).toEqual([]);
		const { items: left } = await as(n, staff)("users.list", { limit: 100 });
		expect(left.map(({ id }) => id)).not.toContain(user.id);
		const sessions = await storeOf(n).all("SELECT revoked_at FROM sessions WHERE user_id = ?", [user.id]);
		expect(sessions).toEqual([{ revoked_at: expect.any(String) }]);
		await expect(as(n, "anonymous")("users.refresh", { refreshToken })).rejects.toMatchObject({
			type: "REFRESH_TOKEN_INVALID"
		});
		await expect(as(n, "anonymous")("users.login", { email: user.email, password })).rejects.toMatchObject({
			type: "INVALID_CREDENTIALS"
		});
		// What was signed runs out by itself.
		expect(await as(n, "anonymous")("users.verify", { token: accessToken })).toMatchObject({ valid: true });

		const next = await as(n, "anonymous")("users.register", { name: "Next", email: user.email, password });
		expect(next.id).toBeGreaterThan(user.id);
		await eventually(() => {
			const [event, ...more] = n.of("user.deleted").filter(({ data }) => data.userId === user.id);
			expect(event).toMatchObject({ sequence: 3, data: { name: "Gone Tomorrow", email: user.email } });
			expect(more).toEqual([]);
		});
	});

	it("is done when it is asked for again, and announced once", async () => {
		const user = await someone();
		const self = as(n, { userId: user.id }, { "if-match": "1" });
		expect(await self("users.remove", { id: user.id })).toBeNull();
		expect(await self("users.remove", { id: user.id })).toBeNull();
		expect(await as(n, staff)("users.remove", { id: user.id })).toBeNull();
		const events = await storeOf(n).all("SELECT seq FROM outbox WHERE type = 'user.deleted' AND subject = ?", [
			`user/${user.id}`
		]);
		expect(events).toHaveLength(1);
	});

	it("is refused when If-Match names another version", async () => {
		const user = await someone();
		await expect(as(n, staff, { "if-match": "9" })("users.remove", { id: user.id })).rejects.toMatchObject({
			code: 412,
			type: "VERSION_CONFLICT"
		});
		expect(await as(n, staff)("users.get", { id: user.id })).toEqual(user);
	});

	it("ends a login, too, that committed beside it and that it could not see", async () => {
		const user = await someone();
		const { refreshToken } = await as(n, "anonymous")("users.login", { email: user.email, password });
		await as(n, { userId: user.id })("users.remove", { id: user.id });
		await storeOf(n).database.write("spec", tx =>
			tx.run("UPDATE sessions SET revoked_at = NULL WHERE user_id = ?", [user.id])
		);
		await expect(as(n, "anonymous")("users.refresh", { refreshToken })).rejects.toMatchObject({
			type: "REFRESH_TOKEN_INVALID"
		});
	});

	it("wins over a login that was under way", async () => {
		const user = await someone();
		const login = as(n, "anonymous")("users.login", { email: user.email, password });
		const outcome = login.then(({ refreshToken }) => as(n, "anonymous")("users.refresh", { refreshToken }));
		await Promise.all([
			as(n, { userId: user.id })("users.remove", { id: user.id }),
			expect(outcome).rejects.toMatchObject({ code: 401 })
		]);
	});
});

describe("preferences", () => {
	it("have defaults, change where something is said, and are announced", async () => {
		const user = await someone();
		const self = as(n, { userId: user.id });
		const defaults = await self("users.preferences", { id: user.id });
		expect(defaults).toEqual({
			language: "en",
			channels: { email: true, sms: true, webhook: true },
			kinds: {
				account: ["email"],
				orders: ["email", "sms", "webhook"],
				payments: ["email", "webhook"],
				shipments: ["email", "sms", "webhook"],
				tasks: ["email", "webhook"],
				messages: ["email"]
			}
		});
		const webhook = "https://shop.test/hook";
		const change = {
			id: user.id,
			language: "de",
			channels: { sms: false },
			kinds: { tasks: [], orders: ["sms" as const] },
			webhook
		};
		const changed = await self("users.setPreferences", change);
		expect(changed).toEqual({
			language: "de",
			channels: { email: true, sms: false, webhook: true },
			kinds: { ...defaults.kinds, tasks: [], orders: ["sms"] },
			webhook
		});
		expect(await self("users.setPreferences", change)).toEqual(changed);
		expect(await as(n, staff)("users.preferences", { id: user.id })).toEqual(changed);
		expect(await self("users.get", { id: user.id })).toMatchObject({ version: 2 });
		await eventually(() =>
			expect(n.of("user.updated").filter(({ data }) => data.userId === user.id)).toMatchObject([{ sequence: 2 }])
		);
	});

	it("are refused when they are none, or If-Match names another version", async () => {
		const user = await someone();
		const set = (more: object, headers = {}) =>
			as(n, { userId: user.id }, headers)("users.setPreferences", { id: user.id, ...more });
		for (const more of [
			{ language: "german" },
			{ channels: { pigeon: true } },
			{ kinds: { orders: "yes" } },
			{ kinds: { orders: ["pigeon"] } },
			{ kinds: { orders: ["sms", "sms"] } },
			{ webhook: "http://plain.test" }
		])
			await expect(set(more)).rejects.toMatchObject({ type: "VALIDATION_FAILED" });
		await expect(set({ language: "de" }, { "if-match": "2" })).rejects.toMatchObject({ type: "VERSION_CONFLICT" });
		expect(await set({ language: "de" }, { "if-match": "1" })).toMatchObject({ language: "de" });
	});

	it("have a value for what did not exist when they were set", async () => {
		const user = await someone();
		await storeOf(n).database.write("spec", tx =>
			tx.run('UPDATE users SET preferences = \'{"language":"fr","kinds":{"orders":false}}\' WHERE id = ?', [user.id])
		);
		const preferences = await as(n, staff)("users.preferences", { id: user.id });
		expect(preferences).toMatchObject({
			language: "fr",
			channels: { email: true },
			kinds: { orders: [], tasks: ["email", "webhook"] }
		});
	});

	it("lose a channel for a kind of thing once, however often its link is followed", async () => {
		const user = await someone();
		const mute = () => n.call("users.mute", { id: user.id, kind: "orders", channel: "email" });
		const muted = await mute();
		expect(muted.kinds).toMatchObject({ orders: ["sms", "webhook"], shipments: ["email", "sms", "webhook"] });
		expect(await mute()).toEqual(muted);
		expect(await as(n, staff)("users.preferences", { id: user.id })).toEqual(muted);
		expect(await as(n, staff)("users.get", { id: user.id })).toMatchObject({ version: 2 });
		await expect(n.call("users.mute", { id: 999_999, kind: "orders", channel: "email" })).rejects.toMatchObject({
			type: "USER_NOT_FOUND"
		});
		const self = as(n, { userId: user.id });
		await expect(self("users.mute", { id: user.id, kind: "tasks", channel: "sms" })).rejects.toMatchObject({
			code: 403
		});
	});
});

describe("how to reach a user", () => {
	// checklist: 65
	it("is told to other services: address, number and language", async () => {
		expect(await n.call("users.contact", { id: ALICE })).toEqual({
			id: 1,
			name: "Alice",
			email: "alice@souk.test",
			phone: "+12025550101",
			language: "en"
		});
		expect(await n.call("users.contact", { id: STAFF })).not.toHaveProperty("phone");
	});

	it("is told with what they wish to be told of", async () => {
		const { language, channels, kinds } = await as(n, staff)("users.preferences", { id: ALICE });
		expect(await n.call("users.recipient", { id: ALICE })).toEqual({
			id: 1,
			name: "Alice",
			email: "alice@souk.test",
			phone: "+12025550101",
			preferences: { language, channels, kinds }
		});
		expect(await n.call("users.recipient", { id: STAFF })).not.toHaveProperty("phone");
		await expect(n.call("users.recipient", { id: 999_999 })).rejects.toMatchObject({ type: "USER_NOT_FOUND" });
	});

	it("is refused where there is none", async () => {
		await expect(n.call("users.contact", { id: 999_999 })).rejects.toMatchObject({ code: 404, type: "USER_NOT_FOUND" });
	});
});

describe("who may do what", () => {
	const callers = {
		anonymous: "anonymous",
		stranger: { userId: BOB, roles: ["customer"] },
		owner: alice,
		staff,
		admin
	} as const;
	type Verdict = 200 | 401 | 403;
	const matrix: [action: string, params: object, Record<keyof typeof callers, Verdict>][] = [
		["get", { id: ALICE }, { anonymous: 401, stranger: 403, owner: 200, staff: 200, admin: 200 }],
		["update", { id: ALICE }, { anonymous: 401, stranger: 403, owner: 200, staff: 200, admin: 200 }],
		["preferences", { id: ALICE }, { anonymous: 401, stranger: 403, owner: 200, staff: 200, admin: 200 }],
		["setPreferences", { id: ALICE }, { anonymous: 401, stranger: 403, owner: 200, staff: 200, admin: 200 }],
		["list", {}, { anonymous: 401, stranger: 403, owner: 403, staff: 200, admin: 200 }],
		["logout", {}, { anonymous: 401, stranger: 200, owner: 200, staff: 200, admin: 200 }],
		["jwks", {}, { anonymous: 200, stranger: 200, owner: 200, staff: 200, admin: 200 }],
		["verify", { token: "x" }, { anonymous: 200, stranger: 200, owner: 200, staff: 200, admin: 200 }]
	];
	const table = matrix.flatMap(([action, params, verdicts]) =>
		(Object.keys(callers) as (keyof typeof callers)[]).map(who => [action, who, verdicts[who], params] as const)
	);

	/** The status of an answer. */
	const statusOf = (answer: Promise<unknown>) =>
		answer.then(
			() => 200,
			(error: { code: number }) => error.code
		);

	// checklist: 74
	it.each(table)("%s by %s: %d", async (action, who, verdict, params) => {
		expect(await statusOf(as(n, callers[who])(`users.${action}` as "users.get", params as never))).toBe(verdict);
	});

	it("create is for an admin, whoever else asks", async () => {
		const params = () => ({ name: "Made", email: `made-${++sequence}@souk.test`, password });
		const create = (who: keyof typeof callers) => statusOf(as(n, callers[who])("users.create", params()));
		expect(await Promise.all((["anonymous", "owner", "staff", "admin"] as const).map(create))).toEqual([
			401, 403, 403, 200
		]);
	});

	it("remove is for the owner, staff and an admin", async () => {
		const remove = async (who: "anonymous" | "stranger" | "owner" | "staff" | "admin") => {
			const { id } = await someone();
			return statusOf(as(n, who === "owner" ? { userId: id } : callers[who])("users.remove", { id }));
		};
		const asked = (["anonymous", "stranger", "owner", "staff", "admin"] as const).map(remove);
		expect(await Promise.all(asked)).toEqual([401, 403, 200, 200, 200]);
	});

	it("a stranger learns nothing from an id that nobody has", async () => {
		expect(await statusOf(as(n, alice)("users.get", { id: 999_999 }))).toBe(403);
	});

	it("log-out is for users: a service has no logins to end", async () => {
		expect(await statusOf(n.call("users.logout", {}))).toBe(403);
	});
});

describe("the contract", () => {
	it("tells what the service does, refusals included", async () => {
		const described = (await n.broker.call("users.contract")) as ActionDescription[];
		expect(described).toEqual(JSON.parse(JSON.stringify(describeContract(contract))));
		const refusals = new Map(described.flatMap(({ refuses }) => refuses.map(({ code, status }) => [code, status])));
		expect(Object.fromEntries(refusals)).toEqual({
			EMAIL_TAKEN: 409,
			INVALID_CREDENTIALS: 401,
			ACCOUNT_LOCKED: 429,
			REFRESH_TOKEN_INVALID: 401,
			REFRESH_TOKEN_REUSED: 401,
			USER_NOT_FOUND: 404,
			VERSION_CONFLICT: 412
		});
	});

	it("is kept by the hash of a password, which leaves the process in no answer", async () => {
		const stored = await hashPassword(password);
		expect(await everything()).toContain(stored.slice(0, 30));
		expect(JSON.stringify(await as(n, staff)("users.list", { limit: 100 }))).not.toContain("$argon2id");
	});
});
