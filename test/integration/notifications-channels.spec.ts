import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { EventType } from "../../broker/contract.ts";
import type { SoukEvent } from "../../broker/event.ts";
import { uuid7 } from "../../broker/ids.ts";
import type { Store } from "../../broker/sql/store.ts";
import type { Recipient } from "../../services/notifications/notifications.contract.ts";
import notifications from "../../services/notifications/notifications.service.ts";
import { users } from "../../services/users/users.contract.ts";
import { UserNotFound } from "../../services/users/users.errors.ts";
import "../../services/orders/orders.contract.ts";
import "../../services/payments/payments.contract.ts";
import { eventually } from "../support/eventually.ts";
import { as, event, node, stub, type TestNode } from "../support/node.ts";

const ALICE = { userId: 1 };
const STAFF = { userId: 8, roles: ["staff"] } as const;
const ADMIN = { userId: 9, roles: ["staff", "admin"] } as const;

const alice: Recipient = {
	id: 1,
	name: "Alice",
	email: "alice@souk.test",
	phone: "+12025550101",
	preferences: {
		language: "en",
		channels: { email: true, sms: true, webhook: true },
		kinds: {
			account: ["email"],
			orders: ["email", "sms", "webhook"],
			payments: ["email"],
			shipments: ["email", "sms"],
			tasks: ["email"],
			messages: ["email"]
		},
		webhook: "https://shop.test/hook"
	}
};
const preferring = (changes: Partial<Recipient["preferences"]>): Recipient => ({
	...alice,
	preferences: { ...alice.preferences, ...changes }
});

let souk: TestNode;
let people: Map<number, Recipient>;
const start = async (dataDir?: string): Promise<void> => {
	const recipient = ({ id }: { id: number }) => {
		const known = people.get(id);
		if (!known) throw new UserNotFound(id);
		return known;
	};
	souk = await node([stub(users, { recipient }), notifications], dataDir ? { dataDir } : {});
};
beforeEach(async () => {
	people = new Map([[1, alice]]);
	await start();
});
afterEach(() => souk.close());

const items = [{ productId: 101, name: "Product A", quantity: 1, unitPrice: 2_599, total: 2_599 }];
const confirmed = (orderId: number, userId = 1) =>
	event("order.confirmed", `order/${orderId}`, { orderId, userId, total: 2_599, currency: "EUR", items }, uuid7());
const deleted = (userId: number) =>
	event("user.deleted", `user/${userId}`, { userId, name: "Alice", email: "alice@souk.test", roles: [] }, uuid7());
const publishAll = (events: SoukEvent<EventType>[]) => Promise.all(events.map(one => souk.publish(one)));
const all = async () => (await as(souk, STAFF)("notifications.list", { limit: 100 })).items;
const sent = (count: number) =>
	eventually(async () => {
		const items = (await all()).filter(({ status }) => status === "SENT");
		expect(items.length).toBe(count);
		return items.sort((one, other) => one.id - other.id);
	});
const tries = async (id: number) => (await as(souk, STAFF)("notifications.deliveries", { id })).items;
const storeOf = () => (souk.broker.getLocalService("notifications") as unknown as { store: Store }).store;
const mails = () => {
	const folder = join(souk.dataDir, "mailbox");
	return existsSync(folder) ? readdirSync(folder).map(file => readFileSync(join(folder, file), "utf8")) : [];
};
/** Lets everything that is under way come to its end. */
const again = async () => {
	const { dataDir } = souk;
	await souk.stop();
	await start(dataDir);
};

// checklist: 3, 64, 65
describe("a customer with a telephone and a webhook", () => {
	it("is told once by each, in the form of each, however often the event comes", async () => {
		await publishAll([confirmed(12), confirmed(12), confirmed(12)]);
		await sent(3);
		await again();
		await publishAll([confirmed(12)]);
		const told = await sent(3);
		expect(told.map(({ channel, recipient, sends }) => [channel, recipient, sends])).toEqual([
			["email", "alice@souk.test", 1],
			["sms", "+12025550101", 1],
			["webhook", "https://shop.test/hook", 1]
		]);
		expect(told[0]!.text).toContain("Hello Alice,");
		expect(told[1]!.text).toBe("Order 12 confirmed: EUR 25.99.");
		expect(mails()).toHaveLength(1);
		expect((await as(souk, STAFF)("notifications.list", { channel: "sms" })).items).toHaveLength(1);
	});

	it("is not told again under another address", async () => {
		await publishAll([confirmed(12)]);
		await sent(3);
		people.set(1, { ...alice, email: "new@souk.test", phone: "+12025550199" });
		await publishAll([confirmed(12)]);
		await again();
		expect(await sent(3)).toMatchObject([{ recipient: "alice@souk.test" }, {}, {}]);
	});

	it("has the way of each message written down, for staff", async () => {
		await publishAll([confirmed(12)]);
		const told = await sent(3);
		const ways = await Promise.all(told.map(({ id }) => tries(id)));
		expect(ways).toMatchObject([
			[{ number: 1, via: "mailbox", outcome: "SENT" }],
			[{ number: 1, via: "log", outcome: "SENT" }],
			[{ number: 1, via: "log", outcome: "SENT" }]
		]);
		expect(mails()[0]).toContain(`Message-ID: <${ways[0]![0]!.messageId}>`);
		await expect(as(souk, ALICE)("notifications.deliveries", { id: 1 })).rejects.toMatchObject({ code: 403 });
		await expect(tries(99)).rejects.toMatchObject({ type: "NOTIFICATION_NOT_FOUND" });
	});

	it("has every try written down, page by page", async () => {
		await publishAll([confirmed(12)]);
		await sent(3);
		for (let sends = 2; sends <= 3; sends++) {
			await as(souk, STAFF)("notifications.send", { id: 1 });
			await eventually(async () =>
				expect(await as(souk, STAFF)("notifications.get", { id: 1 })).toMatchObject({ status: "SENT", sends })
			);
		}
		const first = await as(souk, STAFF)("notifications.deliveries", { id: 1, limit: 2 });
		expect(first).toMatchObject({ items: [{ number: 3 }, { number: 2 }], next: 2 });
		const rest = await as(souk, STAFF)("notifications.deliveries", { id: 1, limit: 2, after: first.next });
		expect(rest).toMatchObject({ items: [{ number: 1 }] });
		expect(rest).not.toHaveProperty("next");
		// A new sending is a new mail to whoever receives it.
		const ids = [...first.items, ...rest.items].map(({ messageId }) => messageId);
		expect(new Set(ids).size).toBe(3);
	});
});

describe("what a customer wishes", () => {
	it("is the language of all that they get", async () => {
		people.set(1, preferring({ language: "fr" }));
		await publishAll([confirmed(12)]);
		expect(await sent(3)).toMatchObject([
			{ subject: "Confirmation de commande" },
			{ text: "Commande 12 confirmée : 25,99 EUR." },
			{}
		]);
		expect(mails()[0]).toContain('<html lang=3D"fr">');
	});

	it("is honoured by kind of thing, and by channel", async () => {
		const { kinds } = alice.preferences;
		people.set(1, preferring({ kinds: { ...kinds, orders: ["sms"] } }));
		people.set(2, { ...preferring({ kinds: { ...kinds, orders: [] } }), id: 2 });
		people.set(3, { ...preferring({ channels: { email: false, sms: false, webhook: true } }), id: 3 });
		await publishAll([1, 2, 3].map(userId => confirmed(10 + userId, userId)));
		const told = await sent(2);
		expect(told.map(({ userId, channel }) => [userId, channel]).sort()).toEqual([
			[1, "sms"],
			[3, "webhook"]
		]);
		expect(mails()).toEqual([]);
	});

	it("holds against the staff's own messages, which say so", async () => {
		const write = (key: string, more: object = {}) =>
			as(souk, STAFF, { "idempotency-key": key })("notifications.create", {
				userId: 1,
				subject: "News",
				text: "There is some.",
				...more
			});
		expect(await write("key-00000001")).toMatchObject({ channel: "email" });
		await expect(write("key-00000002", { channel: "sms" })).rejects.toMatchObject({
			code: 422,
			type: "RECIPIENT_UNREACHABLE",
			data: { errors: [{ pointer: "/channel" }] }
		});
		people.set(1, preferring({ kinds: { ...alice.preferences.kinds, messages: ["sms"] } }));
		expect(await write("key-00000003", { channel: "sms" })).toMatchObject({
			channel: "sms",
			recipient: "+12025550101",
			text: "News: There is some."
		});
		await expect(write("key-00000004")).rejects.toMatchObject({ type: "RECIPIENT_UNREACHABLE" });
		await expect(write("key-00000005", { channel: "pigeon" })).rejects.toMatchObject({ code: 400 });
		await sent(2);
	});
});

describe("a customer who is gone", () => {
	const traces = async () => {
		const rows = await storeOf().all(
			"SELECT recipient, recipient_name, subject, text, html, last_error FROM notifications WHERE user_id = 1"
		);
		const errors = await storeOf().all("SELECT error FROM deliveries WHERE error IS NOT NULL");
		return JSON.stringify([rows, errors]);
	};

	it("gets nothing that still waits, and leaves nothing that names them", async () => {
		writeFileSync(join(souk.dataDir, "mailbox"), "in the way");
		await publishAll([confirmed(12), confirmed(13)]);
		await eventually(async () => expect((await tries((await all()).at(-1)!.id)).length).toBeGreaterThan(0));
		await publishAll([deleted(1)]);
		await again();
		rmSync(join(souk.dataDir, "mailbox"));
		await again();
		expect(await all()).toEqual([]);
		expect(mails()).toEqual([]);
		expect(await traces()).not.toMatch(/alice|2025550101|shop\.test|Order/i);
	});

	it("is not written to by an event that comes late, or was asked about too early", async () => {
		await publishAll([deleted(1)]);
		// Users still answered for them when the event was handled.
		await publishAll([confirmed(12)]);
		await expect(
			as(souk, STAFF, { "idempotency-key": "key-00000001" })("notifications.create", {
				userId: 1,
				subject: "s",
				text: "t"
			})
		).rejects.toMatchObject({ type: "RECIPIENT_NOT_FOUND" });
		await again();
		expect(await storeOf().get("SELECT count(*) AS n FROM notifications")).toEqual({ n: 0 });
	});

	it("is forgotten once, however often that is said, and nobody else is", async () => {
		people.set(2, { ...alice, id: 2, name: "Bob" });
		await publishAll([confirmed(12), confirmed(13, 2)]);
		await sent(6);
		const gone = deleted(1);
		await publishAll([gone, gone]);
		await publishAll([deleted(1)]);
		expect((await sent(3)).map(({ userId }) => userId)).toEqual([2, 2, 2]);
	});
});

describe("the mailbox", () => {
	it("shows an admin the mails that were sent, the newest first, in pages", async () => {
		people.set(1, preferring({ kinds: { ...alice.preferences.kinds, orders: ["email"] } }));
		await publishAll([confirmed(12), confirmed(13)]);
		await publishAll([confirmed(14)]);
		await sent(3);
		const first = await as(souk, ADMIN)("notifications.mailbox", { limit: 2 });
		expect(first).toMatchObject({
			items: [
				{ id: 3, file: "3-order.confirmed.eml", to: "Alice <alice@souk.test>", subject: "Order Confirmation" },
				{ id: 2 }
			],
			next: 2
		});
		expect(await as(souk, ADMIN)("notifications.mailbox", { limit: 2, after: 2 })).toMatchObject({
			items: [{ id: 1 }]
		});
	});

	it("is for admins alone, and may not be there yet", async () => {
		expect(await as(souk, ADMIN)("notifications.mailbox", {})).toEqual({ items: [] });
		await expect(as(souk, STAFF)("notifications.mailbox", {})).rejects.toMatchObject({ code: 403 });
		await expect(as(souk, "anonymous")("notifications.mailbox", {})).rejects.toMatchObject({ code: 401 });
	});
});
