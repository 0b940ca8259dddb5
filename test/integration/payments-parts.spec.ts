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

const refundPart = (amount = 1000, part = "return:1", orderId = 12) =>
	here.node.call("payments.refundPart", { orderId, part, amount, reason: "RETURN" });
const byStaff = (amount: number, key: string) =>
	as(
		here.node,
		{ userId: 3, roles: ["staff"] },
		{ "idempotency-key": key }
	)("payments.refund", {
		id: 1,
		amount,
		reason: "Broken"
	});
const books = () => here.provider.find("order-12:authorize");
const dies = async (go: () => Promise<unknown>): Promise<never> => {
	await go();
	throw new Error("the process died");
};

async function inOrder(refunded: number): Promise<void> {
	expect(await books()).toMatchObject({ captured: 2500, refunded });
	expect(await here.service.reconcile()).toEqual([]);
	expect((await here.ledger()).sums.filter(sum => sum !== 0)).toEqual([]);
	expect(await here.row(12)).toMatchObject({ refunding: 0, refunded });
}

describe("a part of an order's price", () => {
	it("is given back once, however often it is asked for", async () => {
		const answers = await Promise.all(Array.from({ length: 10 }, () => refundPart()));
		for (const answer of [...answers, await refundPart()]) expect(answer).toEqual({ orderId: 12, refunded: 1000 });
		expect(await refundPart(1500, "return:2")).toEqual({ orderId: 12, refunded: 1500 });
		await inOrder(2500);
		expect(await here.row(12)).toMatchObject({ state: "REFUNDED" });
		await eventually(() =>
			expect(here.node.of("payment.refunded").map(({ data }) => [data.refunded, data.reason])).toEqual([
				[1000, "RETURN"],
				[1500, "RETURN"]
			])
		);
	});

	it("is refused when less is left, and stays refused when there is more again", async () => {
		here.meddle.refund = () => Promise.reject(new ProviderTimeout("spec"));
		expect(await outcomeOf(byStaff(2000, "staff-key-1"))).toBe("PROVIDER_UNANSWERED");
		for (let time = 0; time < 2; time++)
			await expect(refundPart()).rejects.toMatchObject({
				type: "REFUND_TOO_LARGE",
				code: 409,
				data: { refundable: 500 }
			});
		here.meddle.refund = () => Promise.resolve({ state: "declined" });
		expect(await outcomeOf(byStaff(2000, "staff-key-1"))).toBe("REFUND_TOO_LARGE");
		here.meddle.refund = undefined;
		await expect(refundPart()).rejects.toMatchObject({ type: "REFUND_TOO_LARGE", data: { refundable: 2500 } });
		await inOrder(0);
		expect(await refundPart(1000, "return:2")).toEqual({ orderId: 12, refunded: 1000 });
		await inOrder(1000);
	});

	it("and one that the staff gives back at the same time are never more than was taken", async () => {
		const [part, staff] = await Promise.all([outcomeOf(refundPart(2000)), outcomeOf(byStaff(2000, "staff-key-2"))]);
		expect([part, staff].filter(outcome => outcome === "REFUND_TOO_LARGE")).toHaveLength(1);
		await inOrder(2000);
	});

	it("is refused when the provider's books have less", async () => {
		here.meddle.refund = () => Promise.resolve({ state: "declined" });
		for (let time = 0; time < 2; time++) await expect(refundPart()).rejects.toMatchObject({ type: "REFUND_TOO_LARGE" });
		here.meddle.refund = undefined;
		await inOrder(0);
	});

	it("is found again when the process died after the provider gave the money back", async () => {
		here.meddle.refund = dies;
		await expect(refundPart()).rejects.toThrow("the process died");
		here = await here.restart();
		expect(await refundPart()).toEqual({ orderId: 12, refunded: 1000 });
		await inOrder(1000);
	});

	it("of nothing needs no provider", async () => {
		expect(await refundPart(0)).toEqual({ orderId: 12, refunded: 0 });
		expect(here.asked.filter(request => request.startsWith("refund"))).toEqual([]);
		await inOrder(0);
	});

	it("is refused where nothing was taken", async () => {
		await here.authorize(13);
		for (const orderId of [13, 14])
			await expect(refundPart(1, "return:1", orderId)).rejects.toMatchObject({ type: "ORDER_NOT_PAID", code: 409 });
	});
});
