import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { ServiceSchema } from "moleculer";
import type { EventType } from "../../broker/contract.ts";
import { Unavailable } from "../../broker/errors.ts";
import type { SoukEvent } from "../../broker/event.ts";
import { uuid7 } from "../../broker/ids.ts";
import type { Recipient } from "../../services/notifications/notifications.contract.ts";
import notifications from "../../services/notifications/notifications.service.ts";
import { type Preferences, users } from "../../services/users/users.contract.ts";
import { UserNotFound } from "../../services/users/users.errors.ts";
import "../../services/orders/orders.contract.ts";
import "../../services/payments/payments.contract.ts";
import { eventually } from "../support/eventually.ts";
import { as, event, node, stub, type TestNode } from "../support/node.ts";
import { onPostgres, storeSettings } from "../support/stores.ts";

const ALICE = { userId: 1 };
const BOB = { userId: 2 };
const STAFF = { userId: 8, roles: ["staff"] } as const;

const people: Record<number, string> = { 1: "Alice", 2: "Bob", 3: "Łukasz Żółć" };
const preferences: Preferences = {
	language: "en",
	channels: { email: true, sms: true, webhook: true },
	kinds: {
		account: ["email"],
		orders: ["email", "sms", "webhook"],
		payments: ["email", "webhook"],
		shipments: ["email", "sms"],
		tasks: ["email"],
		messages: ["email"]
	}
};
const recipient = ({ id }: { id: number }): Recipient => {
	const name = people[id];
	if (!name) throw new UserNotFound(id);
	return { id, name, email: `user${id}@souk.test`, preferences };
};

let souk: TestNode;
const folders = new Set<string>();
async function start({ dataDir, lookUp = recipient, schema = notifications }: Options = {}): Promise<TestNode> {
	souk = await node([stub(users, { recipient: lookUp }), schema], { dataDir });
	folders.add(souk.dataDir);
	return souk;
}
interface Options {
	dataDir?: string;
	lookUp?: typeof recipient;
	schema?: ServiceSchema;
}
afterEach(async () => {
	await souk.stop();
	for (const folder of folders) rmSync(folder, { recursive: true, force: true });
	folders.clear();
});

const about = (orderId: number, userId = 1) => ({ orderId, userId, total: 2_599, currency: "EUR" });
const items = [{ productId: 101, name: "Product A", quantity: 1, unitPrice: 2_599, total: 2_599 }];
const confirmed = (orderId: number, userId = 1, id = uuid7()) =>
	event("order.confirmed", `order/${orderId}`, { ...about(orderId, userId), items }, id);
const publishAll = (events: SoukEvent<EventType>[]) => Promise.all(events.map(one => souk.publish(one)));

/** The mails; a draft is none yet. */
const inbox = (): string[] => {
	const folder = join(souk.dataDir, "mailbox");
	const files = existsSync(folder) ? readdirSync(folder) : [];
	return files.filter(file => file.endsWith(".eml")).sort();
};
const mail = (name: string) => readFileSync(join(souk.dataDir, "mailbox", name), "utf8");
const all = async () => (await as(souk, STAFF)("notifications.list", { limit: 100 })).items;
const untilSent = (count: number) =>
	eventually(async () => {
		const sent = (await all()).filter(({ status }) => status === "SENT");
		expect(sent.length).toBe(count);
		expect(souk.of("notification.sent").length).toBe(sent.reduce((sum, { sends }) => sum + sends, 0));
		return sent;
	});
/** Lets everything that is under way come to its end, so that what must not happen has had its chance. */
const settle = async () => {
	const { dataDir } = souk;
	await souk.stop();
	const before = souk.heard;
	await start({ dataDir });
	souk.heard.unshift(...before);
};

// checklist: 63, 191, 193
describe("telling a customer", () => {
	it("is done of each event that a customer can see, and of no other", async () => {
		await start();
		const order = about(12);
		const told: SoukEvent[] = [
			event("user.created", "user/1", { userId: 1, name: "Alice", email: "user1@souk.test", roles: ["customer"] }),
			confirmed(12),
			event("order.shipped", "order/12", { ...order, shipmentId: 4 }),
			event("order.delivered", "order/12", { ...order, shipmentId: 4 }),
			event("order.cancelled", "order/13", { ...about(13), reason: "OUT_OF_STOCK" }),
			event("payment.refunded", "order/12", { ...payment, refunded: 599, reason: "broken" }),
			event("return.requested", "return/3", goods(3)),
			event("return.completed", "return/3", goods(3)),
			event("return.refused", "return/4", { ...goods(4), refusal: "INSPECTION" })
		];
		const untold: SoukEvent[] = [
			event("return.accepted", "return/3", goods(3)),
			event("order.created", "order/12", { ...order, items, flow: "orchestrated" }),
			event("order.cancel_requested", "order/12", order),
			event("payment.captured", "order/12", payment)
		];
		await publishAll([...told, ...untold]);
		const sent = await untilSent(9);
		expect(new Map(sent.map(({ kind, subject }) => [kind, subject]))).toEqual(
			new Map([
				["user.created", "Welcome to Souk"],
				["order.confirmed", "Order Confirmation"],
				["order.shipped", "Order Shipped"],
				["order.delivered", "Order Delivered"],
				["order.cancelled", "Order Cancelled"],
				["payment.refunded", "Refund"],
				["return.requested", "Return Requested"],
				["return.completed", "Return Completed"],
				["return.refused", "Return Refused"]
			])
		);
		expect(inbox()).toEqual(sent.map(({ id, kind }) => `${id}-${kind}.eml`).sort());
		const { id } = sent.find(({ kind }) => kind === "order.confirmed")!;
		expect(mail(`${id}-order.confirmed.eml`)).toMatch(
			/To: Alice <user1@souk\.test>\r\n[^]*Subject: Order Confirmation\r\n[^]*Your order 12 is confirmed/
		);
	});
	const goods = (returnId: number) => ({
		...{ returnId, orderId: 12, userId: 1, amount: 599, currency: "EUR" },
		items: [{ productId: 101, name: "Product A", quantity: 1, unitPrice: 599, total: 599 }]
	});
	const payment = { paymentId: 5, orderId: 12, userId: 1, amount: 2_599, currency: "EUR" };

	it("happens once, however often and under however many ids the event comes", async () => {
		await start();
		const first = confirmed(12);
		await publishAll(Array(5).fill(first));
		await publishAll([confirmed(12), confirmed(12), first]);
		await untilSent(1);
		await settle();
		await publishAll([first, confirmed(12)]);
		await settle();
		expect(await untilSent(1)).toMatchObject([{ sends: 1, version: 2 }]);
		expect(inbox()).toEqual(["1-order.confirmed.eml"]);
	});

	it("happens for each part that is refunded of one order", async () => {
		await start();
		const refunds = [599, 599, 1_401].map(refunded =>
			event("payment.refunded", "order/12", { ...payment, refunded, reason: "r" }, uuid7())
		);
		await publishAll([...refunds, ...refunds]);
		const sent = await untilSent(3);
		expect(sent.map(({ text }) => /EUR [\d.]+/.exec(text)![0]).sort()).toEqual(["EUR 14.01", "EUR 5.99", "EUR 5.99"]);
	});

	it("reaches each at the address that users has, whatever the script of the name", async () => {
		await start();
		await publishAll([confirmed(1, 1), confirmed(2, 2), confirmed(3, 3)]);
		const sent = await untilSent(3);
		expect(sent.map(({ userId, recipient }) => [userId, recipient]).sort()).toEqual([
			[1, "user1@souk.test"],
			[2, "user2@souk.test"],
			[3, "user3@souk.test"]
		]);
		const { id } = sent.find(({ userId }) => userId === 3)!;
		expect(mail(`${id}-order.confirmed.eml`)).toContain(
			`To: =?utf-8?B?${Buffer.from("Łukasz Żółć").toString("base64")}?= <user3@souk.test>`
		);
	});

	it("is not done where nobody is left to be told, and nothing waits for it", async () => {
		await start();
		await publishAll([confirmed(1, 77), confirmed(2, 1)]);
		await untilSent(1);
		people[77] = "Too late";
		await publishAll([confirmed(1, 77)].map(late => ({ ...late, id: "0190-other" })));
		expect(await untilSent(2)).toMatchObject([{ userId: 77 }, { userId: 1 }]);
		delete people[77];
	});

	it("does not come to life when the user does after the event was handled", async () => {
		await start();
		const event = confirmed(1, 77);
		await publishAll([event]);
		people[77] = "Too late";
		await publishAll([event]);
		delete people[77];
		await settle();
		expect(await all()).toEqual([]);
	});

	it("waits for users when they cannot be asked", async () => {
		let asked = 0;
		const lookUp: typeof recipient = params => {
			if (++asked < 3) throw new Unavailable("users are away", "USERS_AWAY");
			return recipient(params);
		};
		await start({ lookUp });
		await publishAll([confirmed(12)]);
		expect(asked).toBe(3);
		await untilSent(1);
	});

	// checklist: 210
	it("is announced under the request that led to it", async () => {
		await start();
		const events = [1, 2, 3].map(orderId => ({ ...confirmed(orderId), correlationid: `request-${orderId}` }));
		await publishAll(events);
		const sent = await untilSent(3);
		for (const one of souk.of("notification.sent")) {
			const { id } = sent.find(({ id: known }) => known === one.data.notificationId)!;
			const cause = events.find(({ data }) => mail(`${id}-order.confirmed.eml`).includes(`order ${data.orderId} `))!;
			expect(one).toMatchObject({
				subject: `notification/${id}`,
				correlationid: cause.correlationid,
				causationid: cause.id,
				data: { notificationId: id, userId: 1, kind: "order.confirmed", channel: "email" }
			});
		}
	});

	it("keeps up with many at once", async () => {
		await start();
		await publishAll(Array.from({ length: 150 }, (_, index) => confirmed(index + 1, 1 + (index % 3))));
		await eventually(() => expect(souk.of("notification.sent").length).toBe(150));
		expect(new Set(souk.of("notification.sent").map(({ data }) => data.notificationId)).size).toBe(150);
		expect(inbox().length).toBe(150);
	});
});

describe("a process that is killed", () => {
	const file = (path: string) => JSON.stringify(pathToFileURL(join(import.meta.dirname, path)).href);

	/** Runs the service in a process of its own until it dies at the point. */
	async function dieAt(point: string, dataDir: string, events: SoukEvent[]): Promise<void> {
		const orders = join(dataDir, "crash");
		const script = join(dataDir, "victim.mts");
		writeFileSync(orders, point);
		writeFileSync(
			script,
			`import { readFileSync } from "node:fs";
			import notifications from ${file("../../services/notifications/notifications.service.ts")};
			import { users } from ${file("../../services/users/users.contract.ts")};
			import { armCrashPoints } from ${file("../../broker/crash.ts")};
			import { node, stub } from ${file("../support/node.ts")};
			const preferences = ${JSON.stringify(preferences)};
			const recipient = ({ id }) => ({ id, name: "Alice", email: "user" + id + "@souk.test", preferences });
			const souk = await node([stub(users, { recipient }), notifications], ${JSON.stringify({ dataDir, env: storeSettings(dataDir) })});
			armCrashPoints(${JSON.stringify(orders)});
			await Promise.all(JSON.parse(readFileSync(0, "utf8")).map(event => souk.publish(event)));`
		);
		const victim = spawn(process.execPath, [script], { stdio: ["pipe", "ignore", "inherit"], timeout: 100_000 });
		victim.stdin.end(JSON.stringify(events));
		expect(await once(victim, "exit")).toEqual([null, "SIGKILL"]);
		expect(readFileSync(`${orders}.hits`, "utf8").split("\n")).toContain(point);
	}

	it.each([
		["notifications<order.confirmed:before-commit", false],
		["notifications<order.confirmed:after-commit", false],
		["notifications/attempt:before-commit", false],
		["notifications/attempt:after-commit", true],
		["notifications:before-mail", true],
		["notifications:after-mail-before-mark", true],
		["notifications/mark:before-commit", true],
		// In a file the marks of those sent together share a commit; over Postgres each has its own, and others may be open.
		["notifications/mark:after-commit", onPostgres() ? undefined : false]
	] as const)("at %s has sent each mail once when it is back", async (point, doubt) => {
		const dataDir = mkdtempSync(join(tmpdir(), "souk-"));
		const events = [confirmed(1), confirmed(2), confirmed(3)];
		await dieAt(point, dataDir, events);
		await start({ dataDir });
		// The outbox of orders would send what was not answered for.
		await publishAll(events);
		const sent = await untilSent(3);
		expect(sent.map(({ sends }) => sends)).toEqual([1, 1, 1]);
		expect(new Set(souk.of("notification.sent").map(({ data }) => data.notificationId)).size).toBe(3);
		const told = inbox().map(name => /Your order (\d)/.exec(mail(name))![1]);
		expect(told.sort()).toEqual(["1", "2", "3"]);
		const ways = await Promise.all(
			sent.map(async ({ id }) => (await as(souk, STAFF)("notifications.deliveries", { id })).items.toReversed())
		);
		for (const [index, tries] of ways.entries()) {
			const outcomes = tries.map(({ outcome }) => outcome);
			expect([["SENT"], ["UNKNOWN", "SENT"]]).toContainEqual(outcomes);
			expect(tries.every(({ messageId }) => messageId === tries[0]!.messageId)).toBe(true);
			expect(mail(`${sent[index]!.id}-order.confirmed.eml`)).toContain(`Message-ID: <${tries[0]!.messageId}>`);
		}
		// A try is written down before it is made, and from then on until its outcome is, there is a doubt.
		if (doubt !== undefined) expect(ways.some(tries => tries.length > 1)).toBe(doubt);
	});
});

describe("a mailbox that cannot be written", () => {
	const hasty = {
		...notifications,
		settings: { sending: { tries: 10, firstPauseMs: 2, longestPauseMs: 4, pollMs: 5 } }
	} as ServiceSchema;
	const obstacle = (dataDir: string) => join(dataDir, "mailbox");

	it("is tried again, and has the mail once it can be", async () => {
		const dataDir = mkdtempSync(join(tmpdir(), "souk-"));
		writeFileSync(obstacle(dataDir), "in the way");
		const patient = {
			...notifications,
			settings: { sending: { tries: 1_000, firstPauseMs: 2, longestPauseMs: 4, pollMs: 5 } }
		} as ServiceSchema;
		await start({ dataDir, schema: patient });
		await publishAll([confirmed(12)]);
		const waiting = await eventually(async () => {
			const [row] = await all();
			expect(row!.version).toBeGreaterThan(3);
			return row!;
		});
		expect(waiting).toMatchObject({ status: "PENDING", sends: 0, error: expect.stringMatching(/EEXIST/) as string });
		expect(souk.of("notification.sent")).toEqual([]);
		rmSync(obstacle(dataDir));
		const [sent] = await untilSent(1);
		expect(sent!.error).toBeUndefined();
		expect(inbox()).toEqual(["1-order.confirmed.eml"]);
	});

	it("is given up after ten tries, for staff to see and to send again", async () => {
		const dataDir = mkdtempSync(join(tmpdir(), "souk-"));
		writeFileSync(obstacle(dataDir), "in the way");
		await start({ dataDir, schema: hasty });
		await publishAll([confirmed(12)]);
		const failed = await eventually(async () => {
			const { items: rows } = await as(souk, STAFF)("notifications.list", { status: "FAILED" });
			expect(rows.length).toBe(1);
			return rows[0]!;
		});
		expect(failed).toMatchObject({ status: "FAILED", sends: 0, version: 11, error: expect.any(String) as string });
		expect((await as(souk, ALICE)("notifications.get", { id: failed.id })).error).toBeUndefined();
		await as(souk, STAFF)("notifications.send", { id: failed.id });
		await eventually(async () => expect(await all()).toMatchObject([{ status: "FAILED", version: 22 }]));
		rmSync(obstacle(dataDir));
		await settle();
		expect(await all()).toMatchObject([{ status: "FAILED", version: 22 }]);
		expect(await as(souk, STAFF)("notifications.send", { id: failed.id })).toMatchObject({ status: "PENDING" });
		await untilSent(1);
		expect(inbox()).toEqual(["1-order.confirmed.eml"]);
	});
});

// checklist: 187, 188
describe("reading messages", () => {
	beforeEach(async () => {
		await start();
		await publishAll([confirmed(1, 1), confirmed(2, 2)]);
		await publishAll([confirmed(3, 1)]);
		await untilSent(3);
	});

	it("shows a customer those that are theirs, and staff all", async () => {
		const own = (await as(souk, ALICE)("notifications.list", {})).items;
		expect(own.map(({ userId }) => userId)).toEqual([1, 1]);
		expect((await as(souk, BOB)("notifications.list", {})).items.map(({ userId }) => userId)).toEqual([2]);
		expect((await as(souk, { userId: 3 })("notifications.list", {})).items).toEqual([]);
		expect((await all()).length).toBe(3);
	});

	it("comes in pages, the newest first, by status", async () => {
		const first = await as(souk, ALICE)("notifications.list", { limit: 1, status: "SENT" });
		expect(first).toMatchObject({ items: [{ text: expect.stringContaining("order 3") as string }], next: 3 });
		const second = await as(souk, ALICE)("notifications.list", { limit: 1, after: first.next });
		expect(second.items.map(({ userId, id }) => [userId, id < 3])).toEqual([[1, true]]);
		expect(second).not.toHaveProperty("next");
		expect((await as(souk, STAFF)("notifications.list", { status: "FAILED" })).items).toEqual([]);
	});

	it("shows one to its owner and to staff, and to nobody else", async () => {
		const { id } = (await as(souk, BOB)("notifications.list", {})).items[0]!;
		const shown = await as(souk, BOB)("notifications.get", { id });
		expect(shown).toEqual({
			id,
			userId: 2,
			kind: "order.confirmed",
			channel: "email",
			recipient: "user2@souk.test",
			subject: "Order Confirmation",
			text: expect.stringContaining("Your order 2 is confirmed") as string,
			status: "SENT",
			sends: 1,
			createdAt: expect.any(String) as string,
			sentAt: expect.any(String) as string,
			version: 2
		});
		expect(await as(souk, STAFF)("notifications.get", { id })).toEqual(shown);
		await expect(as(souk, ALICE)("notifications.get", { id })).rejects.toMatchObject({ code: 403 });
		await expect(as(souk, "anonymous")("notifications.get", { id })).rejects.toMatchObject({ code: 401 });
		await expect(as(souk, "anonymous")("notifications.list", {})).rejects.toMatchObject({ code: 401 });
	});

	it("refuses one that is not there", async () => {
		await expect(as(souk, ALICE)("notifications.get", { id: 99 })).rejects.toMatchObject({
			code: 404,
			type: "NOTIFICATION_NOT_FOUND"
		});
	});
});

// checklist: 186
describe("writing a message", () => {
	const letter = { userId: 1, subject: "About your parcel", text: "It is raining.\nPlease wait." };
	const keyed = (key: string) => as(souk, STAFF, { "idempotency-key": key });
	beforeEach(() => start());

	it("sends it", async () => {
		const written = await keyed("key-00000001")("notifications.create", letter);
		expect(written).toMatchObject({ ...letter, kind: "message", status: "PENDING", recipient: "user1@souk.test" });
		await untilSent(1);
		expect(mail(`${written.id}-message.eml`)).toContain("It is raining.\r\nPlease wait.");
	});

	it("is done once for one key, even when the user has gone since, and each time for another", async () => {
		people[77] = "Soon gone";
		const once = await keyed("key-00000001")("notifications.create", { ...letter, userId: 77 });
		delete people[77];
		expect(await keyed("key-00000001")("notifications.create", { ...letter, userId: 77 })).toEqual(once);
		await keyed("key-00000002")("notifications.create", letter);
		await keyed("key-00000003")("notifications.create", letter);
		await untilSent(3);
	});

	it("needs a key, a user, something to say, and staff", async () => {
		await expect(as(souk, STAFF)("notifications.create", letter)).rejects.toMatchObject({ code: 400 });
		await expect(keyed("key-00000001")("notifications.create", { ...letter, userId: 77 })).rejects.toMatchObject({
			code: 422,
			type: "RECIPIENT_NOT_FOUND",
			data: { errors: [{ pointer: "/userId" }] }
		});
		for (const wrong of [{ text: " " }, { text: "a\u0000b" }, { subject: "two\nlines" }, { subject: "x".repeat(201) }])
			await expect(keyed("key-00000002")("notifications.create", { ...letter, ...wrong })).rejects.toMatchObject({
				code: 400
			});
		await expect(as(souk, ALICE)("notifications.create", letter)).rejects.toMatchObject({ code: 403 });
		expect(await all()).toEqual([]);
	});

	it("waits for users when they cannot be asked, by telling the caller to", async () => {
		await souk.stop();
		await start({
			lookUp: () => {
				throw new Unavailable("users are away", "USERS_AWAY");
			}
		});
		await expect(keyed("key-00000001")("notifications.create", letter)).rejects.toMatchObject({ code: 503 });
	});
});

// checklist: 189
describe("sending again", () => {
	beforeEach(async () => {
		await start();
		await publishAll([confirmed(12)]);
		await untilSent(1);
	});

	it("is counted, announced, and leaves one file", async () => {
		const before = mail("1-order.confirmed.eml");
		const waiting = await as(souk, STAFF)("notifications.send", { id: 1 });
		expect(waiting).toMatchObject({ status: "PENDING", sends: 1, version: 3 });
		expect(await untilSent(1)).toMatchObject([{ sends: 2, version: 4 }]);
		expect(souk.of("notification.sent").map(({ sequence }) => sequence)).toEqual([2, 4]);
		expect(inbox()).toEqual(["1-order.confirmed.eml"]);
		const newId = /Message-ID: <([^>]+)>/.exec(mail("1-order.confirmed.eml"))![1]!;
		const oldId = /Message-ID: <([^>]+)>/.exec(before)![1]!;
		expect(newId).not.toBe(oldId);
		const named = (id: string) => new RegExp(id.replace(/[@.]/g, "[@._]"), "g");
		expect(mail("1-order.confirmed.eml").replace(named(newId), "")).toBe(before.replace(named(oldId), ""));
	});

	it("is done once for one key", async () => {
		const keyed = as(souk, STAFF, { "idempotency-key": "key-00000001" });
		const first = await keyed("notifications.send", { id: 1 });
		await untilSent(1);
		expect(await keyed("notifications.send", { id: 1 })).toEqual(first);
		await settle();
		expect(await untilSent(1)).toMatchObject([{ sends: 2 }]);
	});

	it("is for staff, of what is there, in the version they have seen", async () => {
		await expect(as(souk, ALICE)("notifications.send", { id: 1 })).rejects.toMatchObject({ code: 403 });
		await expect(as(souk, STAFF)("notifications.send", { id: 99 })).rejects.toMatchObject({ code: 404 });
		await expect(as(souk, STAFF, { "if-match": "1" })("notifications.send", { id: 1 })).rejects.toMatchObject({
			code: 412
		});
		await settle();
		expect(await all()).toMatchObject([{ sends: 1, version: 2 }]);
	});
});

// checklist: 190
describe("removing a message", () => {
	beforeEach(async () => {
		await start();
		await publishAll([confirmed(12)]);
		await untilSent(1);
	});

	it.each([
		["its owner", ALICE],
		["staff", STAFF]
	])("can be done by %s, and then it is gone", async (_who, user) => {
		expect(await as(souk, user)("notifications.remove", { id: 1 })).toBeNull();
		expect(await all()).toEqual([]);
		for (const action of ["notifications.get", "notifications.remove", "notifications.send"] as const)
			await expect(as(souk, STAFF)(action, { id: 1 })).rejects.toMatchObject({ type: "NOTIFICATION_NOT_FOUND" });
	});

	it("is not undone by an event that comes late", async () => {
		await as(souk, ALICE)("notifications.remove", { id: 1 });
		await publishAll([confirmed(12)]);
		await settle();
		expect(await all()).toEqual([]);
		expect(souk.of("notification.sent").length).toBe(1);
	});

	it("keeps one that was not sent yet from being sent", async () => {
		const { dataDir } = souk;
		rmSync(join(dataDir, "mailbox"), { recursive: true });
		writeFileSync(join(dataDir, "mailbox"), "in the way");
		await publishAll([confirmed(13)]);
		const waiting = await eventually(async () => {
			const [row] = await all();
			expect(row).toMatchObject({ status: "PENDING", error: expect.any(String) as string });
			return row!;
		});
		await as(souk, ALICE)("notifications.remove", { id: waiting.id });
		rmSync(join(dataDir, "mailbox"));
		await settle();
		await publishAll([confirmed(14)]);
		await eventually(() => expect(inbox()).toHaveLength(1));
		expect(mail(inbox()[0]!)).toContain("Your order 14");
	});

	it("is refused to others, of what is not there, and in a version that is not the last", async () => {
		await expect(as(souk, BOB)("notifications.remove", { id: 1 })).rejects.toMatchObject({ code: 403 });
		await expect(as(souk, ALICE)("notifications.remove", { id: 99 })).rejects.toMatchObject({ code: 404 });
		await expect(as(souk, ALICE, { "if-match": "1" })("notifications.remove", { id: 1 })).rejects.toMatchObject({
			code: 412
		});
		expect((await all()).length).toBe(1);
	});
});
