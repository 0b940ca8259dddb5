import fc from "fast-check";
import type { Recipient } from "../../../services/notifications/notifications.contract.ts";
import {
	addressesOf,
	pageOf,
	type Subscription,
	subscriptionIn,
	tokenOf
} from "../../../services/notifications/subscription.ts";

const secret = "a secret of some length, and of no meaning";
const anySubscription: fc.Arbitrary<Subscription> = fc.record({
	userId: fc.integer({ min: 1, max: 2 ** 48 }),
	topic: fc.constantFrom("account", "orders", "payments", "shipments", "tasks", "messages"),
	channel: fc.constantFrom("email", "sms", "webhook")
});

describe("the link in a message", () => {
	it("names a subscription, and only to who signed it", () => {
		fc.assert(
			fc.property(anySubscription, subscription => {
				const token = tokenOf(subscription, secret);
				expect(encodeURIComponent(token)).toBe(token);
				expect(subscriptionIn(token, secret)).toEqual(subscription);
				expect(subscriptionIn(token, `${secret}!`)).toBeUndefined();
			})
		);
	});

	it("is worth nothing when a character of it is another", () => {
		const token = tokenOf({ userId: 12, topic: "orders", channel: "email" }, secret);
		fc.assert(
			fc.property(fc.nat(token.length - 1), fc.string({ minLength: 1, maxLength: 1 }), (at, put) => {
				const other = token.slice(0, at) + put + token.slice(at + 1);
				expect(subscriptionIn(other, secret) === undefined).toBe(other !== token);
			})
		);
		for (const other of ["", ".", token.slice(0, -1), `${token}x`, token.replace("12-", "012-"), ` ${token}`])
			expect(subscriptionIn(other, secret)).toBeUndefined();
	});
});

describe("the page behind it", () => {
	const subscription: Subscription = { userId: 12, topic: "orders", channel: "email" };

	it("asks by a form, in the reader's language", () => {
		const page = pageOf(subscription, "en", false);
		expect(page).toContain("<p>Shall we no longer tell you about your orders by e-mail?</p>");
		expect(page).toContain('<form method="post"><button>Stop these messages</button></form>');
		expect(pageOf(subscription, "fr", false)).toContain("Se désabonner");
	});

	it("says when it is done, and asks no more", () => {
		const page = pageOf(subscription, "de", true);
		expect(page).toContain("Zu Ihren Bestellungen schicken wir Ihnen nichts mehr per E-Mail.");
		expect(page).not.toContain("<form");
	});
});

describe("where somebody is told", () => {
	const kinds = { account: [], orders: [], payments: [], shipments: [], tasks: [], messages: [] };
	const somebody: Recipient = {
		id: 1,
		name: "Alice",
		email: "alice@souk.test",
		phone: "+12025550101",
		preferences: {
			language: "en",
			channels: { email: true, sms: true, webhook: true },
			kinds: { ...kinds, orders: ["email", "sms", "webhook"] },
			webhook: "https://shop.test/hook"
		}
	};
	const channels = (recipient: Recipient, topic: Subscription["topic"] = "orders") =>
		addressesOf(recipient, topic).map(({ channel }) => channel);

	it("is every address that they wish for this kind of thing", () => {
		expect(addressesOf(somebody, "orders")).toEqual([
			{ channel: "email", address: "alice@souk.test" },
			{ channel: "sms", address: "+12025550101" },
			{ channel: "webhook", address: "https://shop.test/hook" }
		]);
		expect(channels(somebody, "tasks")).toEqual([]);
	});

	it("is nowhere that they have switched off altogether", () => {
		const { preferences } = somebody;
		const quiet = { ...preferences, channels: { email: false, sms: true, webhook: false } };
		expect(channels({ ...somebody, preferences: quiet })).toEqual(["sms"]);
	});

	it("is nowhere that they gave no address for", () => {
		const { webhook: _none, ...preferences } = somebody.preferences;
		const { phone: _neither, ...bare } = somebody;
		expect(channels({ ...bare, preferences })).toEqual(["email"]);
	});
});
