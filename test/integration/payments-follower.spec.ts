import { ProviderTimeout } from "../../services/payments/providers/provider.ts";
import { eventually } from "../support/eventually.ts";
import { outcomeOf, shop, type Shop } from "../unit/payments/support.ts";

let here: Shop;
beforeEach(async () => {
	here = await shop();
});
afterEach(() => here.node.close());

const dies = async (go: () => Promise<unknown>): Promise<never> => {
	await go();
	throw new Error("the process died");
};
/** As if it had been left a minute ago. */
const age = (table: "payments" | "refunds") =>
	here.service.store.database.write("spec", tx =>
		tx.run(`UPDATE ${table} SET updated_at = ?`, [new Date(Date.now() - 60_000).toISOString()])
	);
const state = async (orderId = 12) => (await here.row(orderId))?.state;

describe("a payment that was begun and left", () => {
	it.each([
		["tok_ok", "AUTHORIZED", "payment.authorized"],
		["tok_declined", "FAILED", "payment.failed"]
	] as const)("with %s becomes %s after a restart", async (token, becomes, announced) => {
		here.meddle.authorize = dies;
		await outcomeOf(here.authorize(12, token));
		expect(await state()).toBe("NEW");
		await age("payments");
		here = await here.restart();
		await eventually(async () => expect(await state()).toBe(becomes));
		await eventually(() => expect(here.node.of(announced)).toHaveLength(1));
		expect(await here.service.reconcile()).toEqual([]);
	});

	it("is left alone while it is young, and when the provider does not know it or is silent", async () => {
		here.meddle.authorize = dies;
		await outcomeOf(here.authorize(12));
		await here.service.follower.round();
		expect(here.asked).toEqual(["authorize order-12:authorize"]);

		await age("payments");
		here.meddle.find = () => Promise.reject(new ProviderTimeout("spec"));
		await here.service.follower.round();
		expect(await state()).toBe("NEW");

		here.meddle.find = () => Promise.resolve(undefined);
		await here.service.follower.round();
		expect(await state()).toBe("NEW");
		here.meddle.find = undefined;
		await here.service.follower.round();
		expect(await state()).toBe("AUTHORIZED");
	});

	it("is left alone while it is pending at the provider", async () => {
		await outcomeOf(here.authorize(12, "tok_late_webhook"));
		await age("payments");
		const { version } = (await here.row(12)) as { version: number };
		await here.service.follower.round();
		expect(await here.row(12)).toMatchObject({ state: "UNKNOWN", version });
	});

	it("does not keep the round from the others", async () => {
		for (const orderId of [1, 2, 3]) await outcomeOf(here.authorize(orderId, "tok_lost_answer"));
		await age("payments");
		here.meddle.find = go =>
			here.asked.at(-1) === "find order-1:authorize" ? Promise.reject(new Error("a bad line")) : go();
		await here.service.follower.round();
		expect([await state(1), await state(2), await state(3)]).toEqual(["UNKNOWN", "AUTHORIZED", "AUTHORIZED"]);
	});

	// checklist: 210
	it("keeps the correlation of the request that began it", async () => {
		const broken = here.node.broker.call(
			"payments.authorize",
			{ orderId: 12, userId: 1, amount: 100, currency: "EUR", token: "tok_lost_answer" },
			{ requestID: "the-first-request", headers: { traceparent: "00-1-2-01" } }
		);
		await outcomeOf(broken);
		await here.service.follower.round(-1_000);
		await eventually(() => expect(here.node.of("payment.authorized")).toHaveLength(1));
		expect(here.node.of("payment.authorized")[0]).toMatchObject({
			correlationid: "the-first-request",
			traceparent: "00-1-2-01"
		});
	});
});

it("a refund that was begun and left is finished after a restart, once", async () => {
	await here.authorize(12);
	await here.node.call("payments.capture", { orderId: 12 });
	here.meddle.refund = dies;
	await outcomeOf(here.node.call("payments.refund", { id: 1, amount: 700, reason: "Broken" }));
	expect(await here.row(12)).toMatchObject({ refunded: 0, refunding: 700 });
	await age("refunds");
	here = await here.restart();
	await eventually(async () => expect(await here.row(12)).toMatchObject({ refunded: 700, refunding: 0 }));
	await here.service.follower.round(-1_000);
	expect(await here.provider.find("order-12:authorize")).toMatchObject({ refunded: 700 });
	expect(await here.service.reconcile()).toEqual([]);
});

it("reconciling names a hold at the provider that our books do not know", async () => {
	await here.provider.authorize({ key: "order-77:authorize", amount: 5, currency: "EUR", token: "tok_ok" });
	await here.authorize(12);
	expect(await here.service.reconcile()).toEqual([
		{ key: "order-77:authorize", ours: "absent, 0 taken, 0 given back", theirs: "authorized, 0 taken, 0 given back" }
	]);
});
