import fc from "fast-check";
import type { Payment } from "../../services/payments/payments.contract.ts";
import { ProviderTimeout } from "../../services/payments/providers/provider.ts";
import { eventually } from "../support/eventually.ts";
import { as } from "../support/node.ts";
import { outcomeOf, shop, type Shop } from "../unit/payments/support.ts";

let here: Shop;
beforeEach(async () => {
	here = await shop();
});
afterEach(() => here.node.close());

const capture = (orderId: number) => here.node.call("payments.capture", { orderId });
const voided = (orderId: number, reason = "SHIPPING_FAILED") => here.node.call("payments.void", { orderId, reason });
const refundOrder = (orderId: number) => here.node.call("payments.refundOrder", { orderId, reason: "CUSTOMER" });
const books = (orderId: number) => here.provider.find(`order-${orderId}:authorize`);
const silence = () => Promise.reject(new ProviderTimeout("spec"));
const heard = () =>
	eventually(async () => expect(await here.service.relay.backlog()).toBe(0)).then(() => here.node.heard);
const types = async () => (await heard()).map(({ type }) => type);

/** The provider's books and ours agree, and every transaction in the ledger sums to zero. */
async function inOrder(): Promise<void> {
	expect(await here.service.reconcile()).toEqual([]);
	expect((await here.ledger()).sums.filter(sum => sum !== 0)).toEqual([]);
}

describe("voiding", () => {
	it("gives up what was set aside, and says so", async () => {
		await here.authorize(12);
		expect(await voided(12)).toEqual({ orderId: 12, state: "VOIDED" });
		expect(await voided(12)).toEqual({ orderId: 12, state: "VOIDED" });
		expect(await books(12)).toMatchObject({ state: "voided", captured: 0 });
		expect(await types()).toEqual(["payment.authorized", "payment.voided"]);
		expect(here.node.of("payment.voided")[0]!.data).toMatchObject({ paymentId: 1, reason: "SHIPPING_FAILED" });
		await inOrder();
	});

	it("leaves a tombstone when there is no payment, which a late authorization finds", async () => {
		expect(await voided(12)).toEqual({ orderId: 12, state: "VOIDED" });
		expect(await voided(12)).toEqual({ orderId: 12, state: "VOIDED" });
		await expect(here.authorize(12)).rejects.toMatchObject({ type: "PAYMENT_VOIDED" });
		await expect(capture(12)).rejects.toMatchObject({ type: "PAYMENT_VOIDED" });
		expect(await refundOrder(12)).toEqual({ orderId: 12, refunded: 0 });
		expect(here.asked).toEqual([]);
		expect(await types()).toEqual([]);
		await expect(here.node.call("payments.get", { id: 1 })).rejects.toMatchObject({ type: "PAYMENT_NOT_FOUND" });
		await inOrder();
	});

	it("gives up an authorization whose answer was lost", async () => {
		await outcomeOf(here.authorize(12, "tok_lost_answer"));
		expect(await outcomeOf(voided(12))).toBe("PROVIDER_UNANSWERED");
		expect(await voided(12)).toEqual({ orderId: 12, state: "VOIDED" });
		expect(await books(12)).toMatchObject({ state: "voided" });
		await inOrder();
	});

	it("keeps an authorization out that arrives at the provider after it", async () => {
		let arrives = (): void => undefined;
		const onItsWay = new Promise<void>(arrived => (arrives = arrived));
		here.meddle.authorize = go => onItsWay.then(go);
		const late = outcomeOf(here.authorize(12));
		await eventually(() => expect(here.asked).toHaveLength(1));
		expect(await voided(12)).toEqual({ orderId: 12, state: "VOIDED" });
		arrives();
		expect(await late).toBe("PAYMENT_VOIDED");
		expect(await books(12)).toMatchObject({ state: "voided", amount: 0 });
		await inOrder();
	});

	it("is known to a late authorization even before our own record of it", async () => {
		here.meddle.authorize = silence;
		await outcomeOf(here.authorize(12));
		here.meddle.authorize = undefined;
		here.meddle.void = async go => {
			await go();
			throw new Error("the process died");
		};
		await outcomeOf(voided(12));
		expect(await outcomeOf(here.authorize(12))).toBe("PAYMENT_VOIDED");
		expect(await types()).toEqual(["payment.voided"]);
		expect(here.node.of("payment.voided")[0]!.data.reason).toBe("PAYMENT_VOIDED");
		await inOrder();
	});

	it("leaves a declined payment as it is", async () => {
		await outcomeOf(here.authorize(12, "tok_declined"));
		expect(await voided(12)).toEqual({ orderId: 12, state: "FAILED" });
		expect(await types()).toEqual(["payment.failed"]);
	});

	it("learns that an authorization in doubt was declined", async () => {
		here.meddle.authorize = async go => {
			await go();
			throw new ProviderTimeout("spec");
		};
		await outcomeOf(here.authorize(12, "tok_declined"));
		expect(await voided(12)).toEqual({ orderId: 12, state: "FAILED" });
		await inOrder();
	});

	it("gives back what was captured: nobody voids after the pivot, and if one does the money returns", async () => {
		await here.authorize(12);
		await capture(12);
		expect(await voided(12)).toEqual({ orderId: 12, state: "REFUNDED" });
		expect(await voided(12)).toEqual({ orderId: 12, state: "REFUNDED" });
		expect(await books(12)).toMatchObject({ captured: 2500, refunded: 2500 });
		expect(await types()).toEqual(["payment.authorized", "payment.captured", "payment.refunded"]);
		await inOrder();
	});

	it("gives back what was captured while our record of it got lost", async () => {
		await here.authorize(12);
		here.meddle.capture = async go => {
			await go();
			throw new ProviderTimeout("spec");
		};
		expect(await outcomeOf(capture(12))).toBe("PROVIDER_UNANSWERED");
		expect(await voided(12)).toEqual({ orderId: 12, state: "REFUNDED" });
		expect((await here.ledger()).balances).toEqual({ provider_receivable: 0, sales: -2500, refunds: 2500 });
		await inOrder();
	});
});

describe("whatever is asked in whatever order", () => {
	const request = fc.record({
		verb: fc.constantFrom("authorize", "capture", "void", "refundOrder", "refund"),
		orderId: fc.integer({ min: 1, max: 3 }),
		amount: fc.integer({ min: 1, max: 900 })
	});
	const token = fc.constantFrom("tok_ok", "tok_lost_answer", "tok_declined", "tok_capture_declined");

	it("the ledger sums to zero, no more is given back than was taken, and the provider's books agree", async () => {
		let base = 0;
		await fc.assert(
			fc.asyncProperty(token, fc.array(request, { maxLength: 15 }), async (token, requests) => {
				base += 10;
				for (const [index, { verb, orderId: nth, amount }] of requests.entries()) {
					const key = `refund-${base}-${index}`;
					const orderId = base + nth;
					const send = async (): Promise<unknown> => {
						if (verb === "authorize") return here.authorize(orderId, token, 1_000);
						if (verb === "capture") return capture(orderId);
						if (verb === "void") return voided(orderId);
						if (verb === "refundOrder") return refundOrder(orderId);
						const id = ((await here.row(orderId)) as unknown as Payment | undefined)?.id ?? 9_999;
						return as(
							here.node,
							{ userId: 3, roles: ["staff"] },
							{ "idempotency-key": key }
						)("payments.refund", {
							id,
							amount,
							reason: "Broken"
						});
					};
					// A lost answer is asked for again, as a saga would.
					let outcome = await outcomeOf(send());
					while (outcome === "PROVIDER_UNANSWERED") {
						const { state } = ((await here.row(orderId)) ?? {}) as { state?: string };
						if (verb === "capture" && state === "UNKNOWN") break;
						outcome = await outcomeOf(send());
					}
				}
				await inOrder();
			}),
			{ numRuns: 60 }
		);
		const { balances } = await here.ledger();
		expect(Object.values(balances).reduce((total, balance) => total + balance, 0)).toBe(0);
		const wrong = await here.service.store.all(
			`SELECT p.id FROM payments p LEFT JOIN ledger_entries e ON e.payment_id = p.id AND e.account = 'provider_receivable'
			GROUP BY p.id HAVING coalesce(sum(e.amount), 0) <>
				CASE WHEN p.state IN ('CAPTURED', 'REFUNDED') THEN p.amount - p.refunded ELSE 0 END`
		);
		expect(wrong).toEqual([]);
	});
});
