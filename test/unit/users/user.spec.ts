import fc from "fast-check";
import {
	changed,
	DEFAULT_PREFERENCES,
	emailKey,
	isPrivileged,
	patternOf,
	preferring,
	rolesOf,
	searchable
} from "../../../services/users/user.ts";
import type { User } from "../../../services/users/users.contract.ts";

const alice: User = {
	id: 1,
	name: "Alice",
	email: "alice@souk.test",
	phone: "+12025550101",
	roles: ["customer"],
	createdAt: "2026-01-01T00:00:00.000Z",
	updatedAt: "2026-01-01T00:00:00.000Z",
	version: 3
};
const at = "2026-02-02T00:00:00.000Z";

/** What LIKE does with a pattern whose only wildcards are its ends. */
const finds = (search: string, person: Pick<User, "name" | "email">) =>
	searchable(person).includes(patternOf(search).slice(1, -1));

describe("roles", () => {
	it("make every admin staff, come once each and in order", () => {
		expect(rolesOf(["admin"])).toEqual(["staff", "admin"]);
		expect(rolesOf(["staff", "customer", "staff"])).toEqual(["customer", "staff"]);
		expect(rolesOf(["customer"])).toEqual(["customer"]);
	});

	it("stay the same when they are put in order twice", () => {
		const given = fc.array(fc.constantFrom("customer" as const, "staff" as const, "admin" as const));
		fc.assert(fc.property(given, roles => expect(rolesOf(rolesOf(roles))).toEqual(rolesOf(roles))));
	});

	it("are privileged unless they are a customer's", () => {
		expect(isPrivileged({ roles: ["customer"] })).toBe(false);
		expect(isPrivileged({ roles: ["customer", "staff"] })).toBe(true);
		expect(isPrivileged({ roles: ["admin"] })).toBe(true);
	});
});

describe("an e-mail address", () => {
	it("is the same account in any case", () => {
		expect(emailKey("Alice@Souk.TEST")).toBe(emailKey("alice@souk.test"));
	});
});

describe("a search", () => {
	it("sees neither case nor accents nor punctuation", () => {
		const person = { name: "Zoë O'Brien_Smith", email: "zoe.smith@souk.test" };
		for (const search of ["zoe", "ZOË", "o'brien", "brien_sm", "brien sm", "ZOE.SMITH@", "@souk.test"])
			expect([search, finds(search, person)]).toEqual([search, true]);
		for (const search of ["bob", "zoesmith", "souk@"]) expect([search, finds(search, person)]).toEqual([search, false]);
	});

	it("has no wildcard but at its ends, whatever is typed", () => {
		const text = fc.string({ unit: "grapheme" });
		fc.assert(fc.property(text, search => expect(patternOf(search)).toMatch(/^%[^%_\\]*%$/)));
	});

	it("finds every user by any part of the name", () => {
		const part = fc.tuple(fc.string({ unit: "binary" }), fc.nat(), fc.nat()).map(([name, from, to]) => {
			const characters = [...name];
			return { name, search: characters.slice(from % (characters.length + 1), to % (characters.length + 1)).join("") };
		});
		const plain = part.filter(({ name }) => /^[\p{L}\p{N} ]*$/u.test(name) && name === name.normalize("NFKD"));
		fc.assert(
			fc.property(plain, ({ name, search }) => {
				expect(finds(search, { name, email: "" })).toBe(true);
			})
		);
	});
});

describe("changing a user", () => {
	it("makes the next version with what is given, the rest as it was", () => {
		expect(changed(alice, { name: "Alicia" }, at)).toEqual({ ...alice, name: "Alicia", updatedAt: at, version: 4 });
		expect(changed(alice, { email: "a@souk.test", roles: ["admin"] }, at)).toEqual({
			...alice,
			email: "a@souk.test",
			roles: ["staff", "admin"],
			updatedAt: at,
			version: 4
		});
	});

	it("takes a phone number away with null, and keeps it when nothing is said", () => {
		expect(changed(alice, { phone: null }, at)).not.toHaveProperty("phone");
		expect(changed(alice, { name: "A" }, at)?.phone).toBe(alice.phone);
		expect(changed(alice, { phone: "+12025550199" }, at)?.phone).toBe("+12025550199");
	});

	it("is nothing when all stays as it was", () => {
		const { name, email, phone, roles } = alice;
		expect(changed(alice, {}, at)).toBeUndefined();
		expect(changed(alice, { name, email, phone, roles }, at)).toBeUndefined();
		expect(changed({ ...alice, phone: undefined }, { phone: null }, at)).toBeUndefined();
	});
});

describe("preferences", () => {
	it("are the defaults until something is said", () => {
		expect(preferring({})).toEqual(DEFAULT_PREFERENCES);
	});

	it("change where something is said and stay where not", () => {
		const quiet = preferring({}, { channels: { sms: false }, kinds: { orders: [] } });
		expect(quiet.channels).toEqual({ email: true, sms: false, webhook: true });
		const german = preferring(quiet, { language: "de", kinds: { orders: undefined, tasks: ["sms"] } });
		expect(german).toEqual({
			language: "de",
			channels: { email: true, sms: false, webhook: true },
			kinds: { ...DEFAULT_PREFERENCES.kinds, orders: [], tasks: ["sms"] }
		});
	});

	it("are written the same way, in whatever order channels are named", () => {
		const one = preferring({}, { kinds: { orders: ["webhook", "email"] } });
		expect(one.kinds.orders).toEqual(["email", "webhook"]);
		expect(JSON.stringify(preferring(one, { kinds: { orders: ["email", "webhook"] } }))).toBe(JSON.stringify(one));
	});

	it("have an address to post to until it is removed", () => {
		const posted = preferring({}, { webhook: "https://shop.test/hook" });
		expect(preferring(posted, { language: "de" }).webhook).toBe("https://shop.test/hook");
		expect(preferring(posted, { webhook: null })).not.toHaveProperty("webhook");
	});

	it("drop what is not known any more", () => {
		const old = { channels: { pigeon: true, sms: false } as object };
		expect(preferring(old).channels).toEqual({ email: true, sms: false, webhook: true });
	});

	it("understand the yes and no that a kind once had", () => {
		const { kinds } = preferring({ kinds: { orders: false, shipments: true } });
		expect(kinds).toEqual({ ...DEFAULT_PREFERENCES.kinds, orders: [] });
	});
});
