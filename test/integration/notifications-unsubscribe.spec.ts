import { readdirSync, readFileSync } from "node:fs";
import type { Server } from "node:http";
import { join } from "node:path";
import PostalMime from "postal-mime";
import api from "../../services/api/api.service.ts";
import type { Recipient } from "../../services/notifications/notifications.contract.ts";
import notifications from "../../services/notifications/notifications.service.ts";
import { users } from "../../services/users/users.contract.ts";
import { UserNotFound } from "../../services/users/users.errors.ts";
import "../../services/orders/orders.contract.ts";
import { eventually } from "../support/eventually.ts";
import { portOf } from "../support/gateway.ts";
import { event, node, stub, type TestNode } from "../support/node.ts";

const preferences: Recipient["preferences"] = {
	language: "de",
	channels: { email: true, sms: true, webhook: true },
	kinds: { account: [], orders: ["email"], payments: [], shipments: [], tasks: [], messages: [] }
};

let souk: TestNode;
let base: string;
let muted: object[];
let gone: boolean;
/** Where the link in the customer's mail leads. */
let link: string;
beforeEach(async () => {
	muted = [];
	gone = false;
	const known = <T>(id: number, answer: T): T => {
		if (gone) throw new UserNotFound(id);
		return answer;
	};
	const neighbour = stub(users, {
		recipient: ({ id }: { id: number }) => known(id, { id, name: "Bob", email: "bob@souk.test", preferences }),
		mute: (params: { id: number }) => {
			muted.push(params);
			return known(params.id, preferences);
		}
	});
	souk = await node([api, notifications, neighbour]);
	base = `http://127.0.0.1:${portOf((souk.broker.getLocalService("api") as unknown as { server: Server }).server)}`;
	const facts = { orderId: 12, userId: 2, total: 1, currency: "EUR", shipmentId: 1, reason: "CUSTOMER" };
	const { shipmentId: _none, ...cancelled } = facts;
	await souk.publish(event("order.cancelled", "order/12", cancelled));
	const folder = join(souk.dataDir, "mailbox");
	await eventually(async () => {
		const [file] = readdirSync(folder).filter(name => name.endsWith(".eml"));
		const { headers } = await PostalMime.parse(readFileSync(join(folder, file!)));
		const target = /^<(.+)>$/.exec(headers.find(({ key }) => key === "list-unsubscribe")!.value)![1]!;
		link = base + new URL(target).pathname;
	});
	await eventually(async () => expect((await fetch(link)).status).toBe(200));
});
afterEach(() => souk.close());

describe("the link in a mail", () => {
	it("asks, and changes nothing by asking", async () => {
		for (const method of ["GET", "HEAD"]) {
			const answer = await fetch(link, { method });
			expect(answer.status).toBe(200);
			expect(answer.headers.get("content-type")).toBe("text/html; charset=utf-8");
			expect(answer.headers.get("content-security-policy")).toContain("form-action 'self'");
			expect(answer.headers.get("cache-control")).toBe("no-store");
		}
		expect(await (await fetch(link)).text()).toContain("Sollen wir Ihnen zu Ihren Bestellungen nichts mehr per E-Mail");
		expect(muted).toEqual([]);
	});

	it("stops such mail when the page's form is sent", async () => {
		const answer = await fetch(link, {
			method: "POST",
			headers: { "content-type": "application/x-www-form-urlencoded" },
			body: ""
		});
		expect(answer.status).toBe(200);
		expect(await answer.text()).toContain("schicken wir Ihnen nichts mehr per E-Mail");
		expect(muted).toEqual([{ id: 2, kind: "orders", channel: "email" }]);
	});

	it("stops it in one click of a mail program, in either form that RFC 8058 names", async () => {
		const form = new FormData();
		form.set("List-Unsubscribe", "One-Click");
		for (const body of [form, new URLSearchParams({ "List-Unsubscribe": "One-Click" })])
			expect((await fetch(link, { method: "POST", body })).status).toBe(200);
		expect(muted).toHaveLength(2);
	});

	it("says the same when the user is gone: they get nothing any more", async () => {
		gone = true;
		const answer = await fetch(link, { method: "POST" });
		expect(answer.status).toBe(200);
		expect(await answer.text()).toContain("We will not tell you about your orders by e-mail any more.");
	});

	it("is worth nothing when it is not ours", async () => {
		for (const method of ["GET", "POST"]) {
			const answer = await fetch(link.replace("/2-orders", "/1-orders"), { method });
			expect(answer.status).toBe(404);
			expect(await answer.json()).toMatchObject({ code: "UNSUBSCRIBE_LINK_INVALID" });
		}
		expect(muted).toEqual([]);
	});
});
