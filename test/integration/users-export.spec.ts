import type { z } from "zod";
import type { Ctx } from "../../broker/context.ts";
import { type Notification, notifications } from "../../services/notifications/notifications.contract.ts";
import { type Order, orders, type Return } from "../../services/orders/orders.contract.ts";
import { payments } from "../../services/payments/payments.contract.ts";
import { shipping } from "../../services/shipping/shipping.contract.ts";
import { tasks } from "../../services/tasks/tasks.contract.ts";
import users from "../../services/users/users.service.ts";
import { as, node, stub, type TestNode } from "../support/node.ts";

const NOW = "2026-01-02T03:04:05.678Z";
const anOrder = (id: number): Order => ({
	id,
	userId: 1,
	flow: "orchestrated",
	items: [{ productId: 101, name: "Product A", quantity: 1, unitPrice: 1, total: 1 }],
	total: 1,
	currency: "EUR",
	status: "CONFIRMED",
	createdAt: NOW,
	updatedAt: NOW,
	version: 2
});
const aReturn = (id: number): z.output<typeof Return> => ({
	id,
	orderId: 1,
	userId: 1,
	status: "REQUESTED",
	items: anOrder(1).items,
	amount: 1,
	currency: "EUR",
	reason: "It is too small",
	createdAt: NOW,
	updatedAt: NOW,
	version: 1
});
const aMessage = (id: number): Notification => ({
	id,
	userId: 1,
	kind: "message",
	channel: "email",
	recipient: "alice@souk.test",
	subject: "News",
	text: "There is some.",
	status: "SENT",
	sends: 1,
	createdAt: NOW,
	version: 1
});

interface Page {
	id: number;
	limit: number;
	after?: number;
}
/** A list of so many entries, numbered from there down to 1. */
const listing =
	<Item>(count: number, make: (id: number) => Item) =>
	({ id: userId, limit, after = count + 1 }: Page, ctx: Ctx) => {
		ctx.assertOwner(userId);
		const ids = Array.from({ length: Math.min(limit, after - 1) }, (_, index) => after - 1 - index);
		return { items: ids.map(make), ...(ids.at(-1)! > 1 ? { next: ids.at(-1)! } : {}) };
	};
const none = ({ id }: Page, ctx: Ctx) => {
	ctx.assertOwner(id);
	return { items: [] };
};

let here: TestNode;
afterEach(() => here.close());
const start = async (orderCount: number, { without }: { without?: string } = {}) => {
	const neighbours = [
		stub(orders, {
			listOfUser: listing(orderCount, anOrder) as never,
			listReturnsOfUser: listing(1, aReturn) as never
		}),
		stub(payments, { listOfUser: none as never }),
		stub(shipping, { listOfUser: none as never }),
		stub(tasks, { listOfUser: none as never }),
		stub(notifications, { listOfUser: listing(3, aMessage) as never })
	];
	here = await node([users, ...neighbours.filter(({ name }) => name !== without)], { env: { SEED_DEMO: "on" } });
};
const alice = { userId: 1 };

describe("what is kept about a user", () => {
	it("is handed out whole, page by page, to that user and to staff", async () => {
		await start(230);
		await as(here, "anonymous")("users.login", { email: "alice@souk.test", password: "souk-demo" });
		const mine = await as(here, alice)("users.export", { id: 1 });
		expect(mine.user).toMatchObject({ id: 1, email: "alice@souk.test" });
		expect(mine.preferences.language).toBe("en");
		expect(mine.logins).toEqual([{ at: expect.any(String), expiresAt: expect.any(String) }]);
		expect(mine.orders.map(({ id }) => id)).toEqual(Array.from({ length: 230 }, (_, index) => 230 - index));
		expect(mine.returns).toEqual([aReturn(1)]);
		expect(mine.messages).toHaveLength(3);
		expect([mine.payments, mine.shipments, mine.incomplete]).toEqual([[], [], []]);
		const theirs = await as(here, { userId: 3, roles: ["staff"] })("users.export", { id: 1 });
		expect(theirs.orders).toEqual(mine.orders);
		await expect(as(here, { userId: 2 })("users.export", { id: 1 })).rejects.toMatchObject({ code: 403 });
	});

	it("says of what there is more", async () => {
		await start(5_100);
		const { orders, incomplete } = await as(here, alice)("users.export", { id: 1 });
		expect([orders.length, incomplete]).toEqual([5_000, ["orders"]]);
	});

	it("is not handed out by halves", async () => {
		await start(1, { without: "shipping" });
		await expect(as(here, alice)("users.export", { id: 1 })).rejects.toMatchObject({ retryable: true });
	});
});
