import type { ServiceSchema } from "moleculer";
import { uuid7 } from "../../broker/ids.ts";
import type { Recipient } from "../../services/notifications/notifications.contract.ts";
import notifications from "../../services/notifications/notifications.service.ts";
import { users } from "../../services/users/users.contract.ts";
import "../../services/orders/orders.contract.ts";
import { eventually } from "../support/eventually.ts";
import { as, event, node, stub, type TestNode } from "../support/node.ts";
import { catcher, saying, type Catcher } from "../support/smtp-catcher.ts";

const STAFF = { userId: 8, roles: ["staff"] } as const;

const recipient = ({ id }: { id: number }): Recipient => ({
	id,
	name: id === 13 ? "Eve\r\nBcc: all@souk.test" : "Łukasz Żółć",
	email: `user${id}@souk.test`,
	preferences: {
		language: "de",
		channels: { email: true, sms: true, webhook: true },
		kinds: { account: [], orders: ["email"], payments: [], shipments: [], tasks: [], messages: ["email"] }
	}
});
const hasty = {
	...notifications,
	settings: { sending: { tries: 4, firstPauseMs: 2, longestPauseMs: 4, pollMs: 5 } }
} as ServiceSchema;

let souk: TestNode;
let server: Catcher;
const start = async (port: number, login = ""): Promise<void> => {
	souk = await node([stub(users, { recipient }), hasty], {
		env: {
			SMTP_URL: `smtp://${login}127.0.0.1:${port}`,
			MAIL_FROM: "orders@shop.example",
			PUBLIC_URL: "https://shop.example/"
		}
	});
};
afterEach(async () => {
	await souk.close();
	await server.close();
});

const items = [{ productId: 101, name: "Öl & <Essig>", quantity: 1, unitPrice: 2_599, total: 2_599 }];
const confirm = (orderId: number, userId = 1) =>
	souk.publish(
		event("order.confirmed", `order/${orderId}`, { orderId, userId, total: 2_599, currency: "EUR", items }, uuid7())
	);
const all = async () => (await as(souk, STAFF)("notifications.list", { limit: 100 })).items;
const until = (status: string, count = 1) =>
	eventually(async () => {
		const found = (await all()).filter(one => one.status === status);
		expect(found.length).toBe(count);
		return found;
	});
const tries = async (id = 1) =>
	(await as(souk, STAFF)("notifications.deliveries", { id, limit: 100 })).items.toReversed();

describe("mail over SMTP", () => {
	it("arrives as it was written: both parts, the names, and the way out", async () => {
		server = await catcher();
		await start(server.port);
		await confirm(12);
		await until("SENT");
		const [{ mail, to }] = server.caught as [Catcher["caught"][0]];
		expect(to).toEqual(["user1@souk.test"]);
		expect(mail).toMatchObject({
			from: { name: "Souk", address: "orders@shop.example" },
			to: [{ name: "Łukasz Żółć", address: "user1@souk.test" }],
			subject: "Bestellbestätigung"
		});
		expect(mail.text).toContain("1 × Öl & <Essig>: 25,99 EUR");
		expect(mail.html).toContain("1 × Öl &amp; &lt;Essig&gt;");
		const header = (name: string) => mail.headers.find(({ key }) => key === name)?.value;
		expect(header("list-unsubscribe")).toMatch(/^<https:\/\/shop\.example\/unsubscribe\/1-orders-email\.[\w-]{43}>$/);
		expect(header("list-unsubscribe-post")).toBe("List-Unsubscribe=One-Click");
		const [only] = await tries();
		expect(only).toMatchObject({ via: "smtp", outcome: "SENT" });
		expect(mail.messageId).toBe(`<${only!.messageId}>`);
		expect(only!.messageId).toMatch(/@shop\.example$/);
	});

	it("has no header that somebody's name brings along", async () => {
		server = await catcher();
		await start(server.port);
		await confirm(12, 13);
		await until("SENT");
		const [{ mail, to }] = server.caught as [Catcher["caught"][0]];
		expect(to).toEqual(["user13@souk.test"]);
		expect(mail.headers.map(({ key }) => key)).not.toContain("bcc");
		expect(mail.to![0]!.name).toMatch(/^Eve\s+Bcc: all@souk\.test$/);
	});

	it("goes out once for each of many, over few connections", async () => {
		server = await catcher();
		await start(server.port);
		await Promise.all(Array.from({ length: 60 }, (_, index) => confirm(index + 1)));
		await until("SENT", 60);
		expect(server.caught).toHaveLength(60);
		expect(new Set(server.caught.map(({ mail }) => mail.messageId)).size).toBe(60);
	});

	it("is tried again when the server says later", async () => {
		server = await catcher();
		await start(server.port);
		server.answers.push(saying(451, "greylisted"), saying(452, "full"));
		await confirm(12);
		await until("SENT");
		expect(server.caught).toHaveLength(1);
		expect(await tries()).toMatchObject([
			{ outcome: "FAILED", error: expect.stringContaining("greylisted") as string },
			{ outcome: "FAILED" },
			{ outcome: "SENT" }
		]);
	});

	it("ends at once when the server says never, for staff to see and to send again", async () => {
		server = await catcher();
		await start(server.port);
		server.answers.push(saying(550, "no such mailbox"));
		await confirm(12);
		expect(await until("FAILED")).toMatchObject([{ sends: 0, error: expect.stringContaining("550") as string }]);
		expect(await tries()).toMatchObject([
			{ outcome: "FAILED", error: expect.stringContaining("no such mailbox") as string }
		]);
		await as(souk, STAFF)("notifications.send", { id: 1 });
		await until("SENT");
		expect(server.caught).toHaveLength(1);
	});

	it("ends at once when the server refuses the address", async () => {
		server = await catcher({ onRcptTo: (_address, _session, done) => done(saying(553, "not here")) });
		await start(server.port);
		await confirm(12);
		expect(await until("FAILED")).toMatchObject([{ error: expect.stringContaining("553") as string }]);
		expect(await tries()).toHaveLength(1);
	});

	it("is sent again under the same id when the answer was lost, so that the repeat can be told", async () => {
		server = await catcher();
		await start(server.port);
		server.answers.push("hang up");
		await confirm(12);
		await until("SENT");
		expect(server.caught).toHaveLength(2);
		expect(new Set(server.caught.map(({ mail }) => mail.messageId)).size).toBe(1);
		const log = await tries();
		expect(log.map(({ outcome }) => outcome)).toEqual(["UNKNOWN", "SENT"]);
		expect(new Set(log.map(({ messageId }) => messageId)).size).toBe(1);
	});

	it("is not sent for ever to a server that never answers for it", async () => {
		server = await catcher();
		await start(server.port);
		server.answers.push(...Array<"hang up">(10).fill("hang up"));
		await confirm(12);
		await until("FAILED");
		expect(server.caught).toHaveLength(4);
		expect((await tries()).map(({ outcome }) => outcome)).toEqual(Array(4).fill("UNKNOWN"));
	});

	it("waits for a server that is away, for as long as it takes", async () => {
		server = await catcher();
		const { port } = server;
		await server.close();
		await start(port);
		await confirm(12);
		await eventually(async () => expect((await tries()).length).toBeGreaterThan(6));
		expect(await all()).toMatchObject([{ status: "PENDING" }]);
		server = await catcher({}, port);
		await until("SENT");
		expect(server.caught).toHaveLength(1);
		expect((await tries()).map(({ outcome }) => outcome)).not.toContain("UNKNOWN");
	});

	it("waits while the server does not know who sends", async () => {
		let strict = true;
		server = await catcher({
			authOptional: false,
			allowInsecureAuth: true,
			onAuth: ({ password }, _session, done) =>
				strict || password !== "p w" ? done(saying(535, "who are you")) : done(null, { user: "souk" })
		});
		await start(server.port, "souk:p%20w@");
		await confirm(12);
		await eventually(async () => expect((await tries()).length).toBeGreaterThan(6));
		strict = false;
		await until("SENT");
		expect(server.caught).toHaveLength(1);
	});
});
