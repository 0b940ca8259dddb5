import { ProviderTimeout } from "../../services/payments/providers/provider.ts";
import { eventually } from "../support/eventually.ts";
import { as } from "../support/node.ts";
import { outcomeOf, shop, type Shop } from "../unit/payments/support.ts";

let here: Shop;
beforeEach(async () => {
	here = await shop();
	await here.authorize(12);
	await here.node.call("payments.capture", { orderId: 12 });
});
afterEach(() => here.node.close());

let keys = 0;
const refund = (amount: number, { id = 1, reason = "Broken", key = `refund-key-${++keys}` } = {}) =>
	as(here.node, { userId: 3, roles: ["staff"] }, { "idempotency-key": key })("payments.refund", { id, amount, reason });
const refundOrder = (orderId = 12) => here.node.call("payments.refundOrder", { orderId, reason: "CUSTOMER" });
const books = () => here.provider.find("order-12:authorize");
const dies = async (go: () => Promise<unknown>): Promise<never> => {
	await go();
	throw new Error("the process died");
};
async function announced(): Promise<unknown[]> {
	await eventually(async () => expect(await here.service.relay.backlog()).toBe(0));
	return here.node.of("payment.refunded").map(({ data }) => [data.refunded, data.reason]);
}

async function inOrder(): Promise<void> {
	expect(await here.service.reconcile()).toEqual([]);
	expect((await here.ledger()).sums.filter(sum => sum !== 0)).toEqual([]);
	expect(await here.service.store.all("SELECT id FROM payments WHERE refunding <> 0")).toEqual([]);
}

describe("a refund", () => {
	it("gives back a part, and another, until nothing is left", async () => {
		expect(await refund(1000)).toMatchObject({ state: "CAPTURED", amount: 2500, refunded: 1000 });
		expect(await refund(1500, { reason: "Late" })).toMatchObject({ state: "REFUNDED", refunded: 2500 });
		expect(await books()).toMatchObject({ captured: 2500, refunded: 2500 });
		expect((await here.ledger()).balances).toEqual({ provider_receivable: 0, sales: -2500, refunds: 2500 });
		expect(await announced()).toEqual([
			[1000, "Broken"],
			[1500, "Late"]
		]);
		await inOrder();
	});

	it("is refused when it is more than what is left", async () => {
		await refund(1000);
		await expect(refund(1501)).rejects.toMatchObject({ type: "REFUND_TOO_LARGE", data: { refundable: 1500 } });
		await refund(1500);
		await expect(refund(1)).rejects.toMatchObject({ type: "REFUND_TOO_LARGE", data: { refundable: 0 } });
		await inOrder();
	});

	it("is refused when nothing was captured", async () => {
		await here.authorize(13);
		await expect(refund(1, { id: 2 })).rejects.toMatchObject({ type: "REFUND_TOO_LARGE", code: 409 });
	});

	it("is refused when there is no such payment", async () => {
		await here.node.call("payments.void", { orderId: 14, reason: "X" });
		for (const id of [2, 99]) await expect(refund(1, { id })).rejects.toMatchObject({ type: "PAYMENT_NOT_FOUND" });
	});

	it("is refused when the provider's books have less, and holds nothing back for it", async () => {
		here.meddle.refund = () => Promise.resolve({ state: "declined" });
		for (let time = 0; time < 2; time++)
			await expect(refund(1000, { key: "declined-key" })).rejects.toMatchObject({ type: "REFUND_TOO_LARGE" });
		await expect(refundOrder()).rejects.toMatchObject({ type: "REFUND_TOO_LARGE" });
		here.meddle.refund = undefined;
		expect(await refund(2500)).toMatchObject({ state: "REFUNDED" });
		await inOrder();
	});

	it("is for staff", async () => {
		const customer = as(here.node, { userId: 1 }, { "idempotency-key": "customer-key" });
		await expect(customer("payments.refund", { id: 1, amount: 1, reason: "Mine" })).rejects.toMatchObject({
			type: "FORBIDDEN"
		});
		await expect(
			as(here.node, { userId: 3, roles: ["staff"] })("payments.refund", { id: 1, amount: 1, reason: "No key" })
		).rejects.toMatchObject({ type: "IDEMPOTENCY_KEY_MISSING" });
		expect(await books()).toMatchObject({ refunded: 0 });
	});

	it("by a service without a key is one of its own with each call", async () => {
		const call = () => here.node.call("payments.refund", { id: 1, amount: 100, reason: "Goodwill" });
		await call();
		expect(await call()).toMatchObject({ refunded: 200 });
		await inOrder();
	});
});

describe("a refund under one key", () => {
	it("is done once, and answered the same", async () => {
		const first = await refund(1000, { key: "one-and-the-same" });
		expect(await refund(1000, { key: "one-and-the-same" })).toEqual(first);
		expect(await books()).toMatchObject({ refunded: 1000 });
		expect(await announced()).toHaveLength(1);
	});

	it("is answered as it was the first time, whatever happened since", async () => {
		const first = await refund(1000, { key: "one-and-the-same" });
		await refund(500);
		expect(await refund(1000, { key: "one-and-the-same" })).toEqual(first);
		expect(await here.row(12)).toMatchObject({ refunded: 1500 });
	});

	it("is done once when it comes twenty times at once", async () => {
		const answers = await Promise.all(Array.from({ length: 20 }, () => refund(1000, { key: "one-and-the-same" })));
		expect(new Set(answers.map(answer => JSON.stringify(answer))).size).toBe(1);
		expect(await books()).toMatchObject({ refunded: 1000 });
		expect(await announced()).toHaveLength(1);
		await inOrder();
	});

	it("is refused for another amount, reason or payment, before and after it is done", async () => {
		here.meddle.refund = dies;
		await expect(refund(1000, { key: "one-and-the-same" })).rejects.toThrow("the process died");
		here.meddle.refund = undefined;
		await expect(refund(900, { key: "one-and-the-same" })).rejects.toMatchObject({ type: "IDEMPOTENCY_KEY_REUSED" });
		await refund(1000, { key: "one-and-the-same" });
		for (const other of [{ amount: 900 }, { reason: "Other" }])
			await expect(
				refund(other.amount ?? 1000, { key: "one-and-the-same", reason: other.reason ?? "Broken" })
			).rejects.toMatchObject({ type: "IDEMPOTENCY_KEY_REUSED", code: 422 });
		expect(await books()).toMatchObject({ refunded: 1000 });
	});

	it("is found again when the process died after the provider gave the money back", async () => {
		here.meddle.refund = dies;
		await expect(refund(1000, { key: "one-and-the-same" })).rejects.toThrow("the process died");
		here = await here.restart();
		expect(await refund(1000, { key: "one-and-the-same" })).toMatchObject({ refunded: 1000 });
		expect(await books()).toMatchObject({ refunded: 1000 });
		expect(await announced()).toHaveLength(1);
		await inOrder();
	});

	it("is sent again under the provider's key when the answer was lost", async () => {
		here.meddle.refund = async go => {
			await go();
			throw new ProviderTimeout("spec");
		};
		await expect(refund(1000, { key: "one-and-the-same" })).rejects.toMatchObject({ type: "PROVIDER_UNANSWERED" });
		here.meddle.refund = undefined;
		await refund(1000, { key: "one-and-the-same" });
		expect(here.asked.filter(request => request.startsWith("refund"))).toEqual([
			"refund order-12:refund:1",
			"refund order-12:refund:1"
		]);
		await inOrder();
	});
});

it("refunds at once never give back more than was captured", async () => {
	const outcomes = await Promise.all(Array.from({ length: 20 }, () => outcomeOf(refund(400))));
	expect(outcomes.filter(outcome => outcome === "REFUND_TOO_LARGE")).toHaveLength(14);
	expect(await books()).toMatchObject({ refunded: 2400 });
	await inOrder();
});

describe("refunding an order", () => {
	it("gives back all of it, once", async () => {
		expect(await refundOrder()).toEqual({ orderId: 12, refunded: 2500 });
		expect(await refundOrder()).toEqual({ orderId: 12, refunded: 2500 });
		expect(await here.row(12)).toMatchObject({ state: "REFUNDED" });
		expect(await announced()).toEqual([[2500, "CUSTOMER"]]);
		await inOrder();
	});

	it("gives back what an earlier refund left", async () => {
		await refund(999);
		expect(await refundOrder()).toEqual({ orderId: 12, refunded: 2500 });
		expect(await announced()).toEqual([
			[999, "Broken"],
			[1501, "CUSTOMER"]
		]);
		await inOrder();
	});

	it("gives it back once when it is asked for ten times at once, beside a refund", async () => {
		await Promise.all([outcomeOf(refund(500)), ...Array.from({ length: 10 }, () => refundOrder())]);
		expect(await here.row(12)).toMatchObject({ state: "REFUNDED", refunded: 2500 });
		expect(await books()).toMatchObject({ refunded: 2500 });
		await inOrder();
	});

	it("goes on where the process died", async () => {
		here.meddle.refund = dies;
		await expect(refundOrder()).rejects.toThrow("the process died");
		here = await here.restart();
		expect(await refundOrder()).toEqual({ orderId: 12, refunded: 2500 });
		expect(await books()).toMatchObject({ refunded: 2500 });
		await inOrder();
	});

	it("has nothing to give back where nothing was captured", async () => {
		await here.authorize(13);
		await outcomeOf(here.authorize(14, "tok_declined"));
		for (const orderId of [13, 14, 15]) expect(await refundOrder(orderId)).toEqual({ orderId, refunded: 0 });
		expect(await announced()).toEqual([]);
	});

	it("finds out about a capture whose record got lost", async () => {
		await here.authorize(13);
		here.meddle.capture = dies;
		await expect(here.node.call("payments.capture", { orderId: 13 })).rejects.toThrow("the process died");
		expect(await refundOrder(13)).toEqual({ orderId: 13, refunded: 2500 });
		await inOrder();
	});
});
