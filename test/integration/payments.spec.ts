import { payments, type Payment } from "../../services/payments/payments.contract.ts";
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

// checklist: 96
describe("authorizing", () => {
	it("sets the total aside, and says so", async () => {
		const payment = await here.authorize(12);
		expect(payment).toMatchObject({ id: 1, orderId: 12, userId: 1, state: "AUTHORIZED", amount: 2500, refunded: 0 });
		expect(await books(12)).toMatchObject({ state: "authorized", amount: 2500, captured: 0 });
		const about = { paymentId: 1, orderId: 12, userId: 1, amount: 2500, currency: "EUR" };
		expect(await heard()).toMatchObject([{ type: "payment.authorized", subject: "order/12", data: about }]);
		expect((await here.row(12))!.provider_ref).toBe("sim_1");
		expect((await here.ledger()).sums).toEqual([]);
		await inOrder();
	});

	it("answers the same when it is repeated, before and after the capture", async () => {
		const first = await here.authorize(12);
		expect(await here.authorize(12)).toEqual(first);
		await capture(12);
		expect(await here.authorize(12)).toMatchObject({ id: first.id, state: "CAPTURED" });
		await refundOrder(12);
		expect(await here.authorize(12)).toMatchObject({ id: first.id, state: "REFUNDED" });
		expect(here.asked.filter(request => request.startsWith("authorize"))).toHaveLength(1);
		expect((await types()).filter(type => type === "payment.authorized")).toHaveLength(1);
	});

	it.each(["tok_declined", "tok_unheard_of"])("is declined for %s, also when it is repeated", async token => {
		for (let time = 0; time < 2; time++)
			await expect(here.authorize(12, token)).rejects.toMatchObject({ type: "PAYMENT_DECLINED", code: 402 });
		expect(await here.row(12)).toMatchObject({ state: "FAILED" });
		expect(await types()).toEqual(["payment.failed"]);
		expect(here.node.of("payment.failed")[0]!.data).toMatchObject({ orderId: 12, reason: "PAYMENT_DECLINED" });
		await inOrder();
	});

	it("is unknown when the answer is lost, and found again without a second charge", async () => {
		await expect(here.authorize(12, "tok_lost_answer")).rejects.toMatchObject({
			type: "PROVIDER_UNANSWERED",
			retryable: true
		});
		expect(await here.row(12)).toMatchObject({ state: "UNKNOWN" });
		expect(await types()).toEqual([]);
		expect(await here.authorize(12, "tok_lost_answer")).toMatchObject({ state: "AUTHORIZED" });
		expect(here.asked).toEqual(["authorize order-12:authorize", "find order-12:authorize"]);
		expect((await here.provider.statement()).records).toHaveLength(1);
		await inOrder();
	});

	it("is sent again under the same key when it never arrived", async () => {
		here.meddle.authorize = silence;
		await expect(here.authorize(12)).rejects.toMatchObject({ type: "PROVIDER_UNANSWERED" });
		here.meddle.find = silence;
		await expect(here.authorize(12)).rejects.toMatchObject({ type: "PROVIDER_UNANSWERED" });
		here.meddle.authorize = here.meddle.find = undefined;
		expect(await here.authorize(12)).toMatchObject({ state: "AUTHORIZED" });
		expect(here.asked).toEqual([
			"authorize order-12:authorize",
			"find order-12:authorize",
			"find order-12:authorize",
			"authorize order-12:authorize"
		]);
		await inOrder();
	});

	it("waits for a slow provider", async () => {
		expect(await here.authorize(12, "tok_slow")).toMatchObject({ state: "AUTHORIZED" });
	});

	it("stays unanswered while it is pending at the provider", async () => {
		for (let time = 0; time < 2; time++)
			await expect(here.authorize(12, "tok_late_webhook")).rejects.toMatchObject({ type: "PROVIDER_UNANSWERED" });
		await eventually(async () =>
			expect(await here.authorize(12, "tok_late_webhook")).toMatchObject({ state: "AUTHORIZED" })
		);
		expect(await types()).toEqual(["payment.authorized"]);
		await inOrder();
	});

	it("charges once when it is asked for twenty times at once", async () => {
		const answers = await Promise.all(Array.from({ length: 20 }, () => here.authorize(12)));
		expect(new Set(answers.map(answer => JSON.stringify(answer))).size).toBe(1);
		expect((await here.provider.statement()).records).toHaveLength(1);
		expect(await types()).toEqual(["payment.authorized"]);
		await inOrder();
	});

	it("is done once when the process dies between the provider's effect and our record of it", async () => {
		here.meddle.authorize = async go => {
			await go();
			throw new Error("the process died");
		};
		await expect(here.authorize(12)).rejects.toThrow("the process died");
		expect(await here.row(12)).toMatchObject({ state: "NEW" });
		here = await here.restart();
		expect(await here.authorize(12)).toMatchObject({ state: "AUTHORIZED" });
		expect(here.asked).toEqual(["find order-12:authorize"]);
		expect((await here.provider.statement()).records).toHaveLength(1);
		await inOrder();
	});
});

describe("a caller who does not wait any more", () => {
	const impatient = (timeout: number) =>
		outcomeOf(
			here.node.call(
				"payments.authorize",
				{ orderId: 12, userId: 1, amount: 2500, currency: "EUR", token: "tok_ok" },
				{ timeout }
			)
		);

	it("gets nothing begun", async () => {
		let free = (): void => undefined;
		const busy = new Promise<void>(done => (free = done));
		// As many as a store does at a time, and more.
		const others = Promise.all(Array.from({ length: 10 }, () => here.service.store.database.write("spec", () => busy)));
		expect(await impatient(50)).toBe("REQUEST_TIMEOUT");
		const over = Date.now() + 100;
		await eventually(() => expect(Date.now()).toBeGreaterThan(over));
		free();
		await others;
		// A unit that comes after it has been answered, so it has had its turn.
		await here.authorize(13);
		expect(here.asked).toEqual(["authorize order-13:authorize"]);
		expect(await here.row(12)).toBeUndefined();
	});

	it("does not keep us from recording what the provider did", async () => {
		let answers = (): void => undefined;
		const late = new Promise<void>(done => (answers = done));
		here.meddle.authorize = async go => {
			const answer = await go();
			await late;
			return answer;
		};
		expect(await impatient(2_000)).toBe("REQUEST_TIMEOUT");
		answers();
		await eventually(async () => expect(await here.row(12)).toMatchObject({ state: "AUTHORIZED" }));
	});
});

describe("capturing", () => {
	it("takes what was set aside, with its entries in the ledger", async () => {
		await here.authorize(12);
		expect(await capture(12)).toMatchObject({ orderId: 12, state: "CAPTURED" });
		expect(await books(12)).toMatchObject({ state: "captured", captured: 2500 });
		expect((await here.ledger()).balances).toEqual({ provider_receivable: 2500, sales: -2500 });
		expect(await types()).toEqual(["payment.authorized", "payment.captured"]);
		await inOrder();
	});

	it("answers the same when it is repeated, and takes it once", async () => {
		await here.authorize(12);
		const answers = await Promise.all(Array.from({ length: 10 }, () => capture(12)));
		answers.push(await capture(12));
		expect(new Set(answers.map(answer => JSON.stringify(answer))).size).toBe(1);
		expect((await here.ledger()).balances).toEqual({ provider_receivable: 2500, sales: -2500 });
		expect((await types()).filter(type => type === "payment.captured")).toHaveLength(1);
	});

	it("fails the payment when it is declined, for good", async () => {
		await here.authorize(12, "tok_capture_declined");
		for (let time = 0; time < 2; time++)
			await expect(capture(12)).rejects.toMatchObject({
				type: "PAYMENT_DECLINED",
				data: { why: "INSUFFICIENT_FUNDS" }
			});
		expect(await here.row(12)).toMatchObject({ state: "FAILED" });
		expect(await types()).toEqual(["payment.authorized", "payment.capture_failed"]);
		expect((await here.ledger()).sums).toEqual([]);
		await inOrder();
	});

	it("is refused when the payment was voided", async () => {
		await here.authorize(12);
		await voided(12);
		await expect(capture(12)).rejects.toMatchObject({ type: "PAYMENT_VOIDED", code: 409 });
		await inOrder();
	});

	it("is refused when there is no payment", async () => {
		await expect(capture(12)).rejects.toMatchObject({ type: "PAYMENT_DECLINED", data: { why: "NOT_AUTHORIZED" } });
	});

	it("first finds out what became of an authorization that is in doubt", async () => {
		here.meddle.authorize = silence;
		await outcomeOf(here.authorize(12));
		await expect(capture(12)).rejects.toMatchObject({ type: "PROVIDER_UNANSWERED" });
		here.meddle.authorize = undefined;
		await outcomeOf(here.authorize(13, "tok_lost_answer"));
		expect(await outcomeOf(capture(13))).toBe("PROVIDER_UNANSWERED");
		expect(await capture(13)).toMatchObject({ state: "CAPTURED" });
		expect(await books(13)).toMatchObject({ captured: 2500 });
	});

	it("is done once when the process dies between the provider's effect and our record of it", async () => {
		await here.authorize(12);
		here.meddle.capture = async go => {
			await go();
			throw new Error("the process died");
		};
		await expect(capture(12)).rejects.toThrow("the process died");
		expect(await here.service.reconcile()).toEqual([
			{
				key: "order-12:authorize",
				ours: "AUTHORIZED, 0 taken, 0 given back",
				theirs: "captured, 2500 taken, 0 given back"
			}
		]);
		here = await here.restart();
		expect(await capture(12)).toMatchObject({ state: "CAPTURED" });
		expect((await here.ledger()).balances).toEqual({ provider_receivable: 2500, sales: -2500 });
		await inOrder();
	});

	it("and voiding at once leave one winner in both books", async () => {
		for (const orderId of [1, 2, 3, 4, 5]) {
			await here.authorize(orderId);
			const [taken, given] = await Promise.all([outcomeOf(capture(orderId)), voided(orderId)]);
			const { state } = (await here.row(orderId)) as unknown as Payment;
			if (state === "REFUNDED") expect(taken).toMatchObject({ orderId });
			else expect(["PAYMENT_VOIDED", "PAYMENT_DECLINED"]).toContain(taken);
			expect(["REFUNDED", "VOIDED", "FAILED"]).toContain(given.state);
		}
		await inOrder();
	});
});

describe("reading a payment", () => {
	it("is for its owner and for staff", async () => {
		await here.authorize(12);
		const read = (userId: number, role: "customer" | "staff" = "customer") =>
			as(here.node, { userId, roles: [role] })("payments.get", { id: 1 });
		expect(await read(1)).toMatchObject({ id: 1, orderId: 12, amount: 2500, version: 2 });
		expect(await read(3, "staff")).toMatchObject({ id: 1 });
		await expect(read(2)).rejects.toMatchObject({ type: "FORBIDDEN" });
		await expect(as(here.node, "anonymous")("payments.get", { id: 1 })).rejects.toMatchObject({ type: "NO_TOKEN" });
		await expect(here.node.call("payments.get", { id: 99 })).rejects.toMatchObject({ type: "PAYMENT_NOT_FOUND" });
	});

	it("says why it failed", async () => {
		await outcomeOf(here.authorize(12, "tok_declined"));
		expect(await here.node.call("payments.get", { id: 1 })).toMatchObject({ state: "FAILED", reason: "CARD_DECLINED" });
	});
});

// checklist: 6
it("only other services may move money", async () => {
	for (const roles of [["customer"], ["staff"], ["staff", "admin"]] as const) {
		const call = as(here.node, { userId: 1, roles });
		for (const [verb, spec] of Object.entries(payments.actions)) {
			if (spec.access !== "internal") continue;
			const refused = (call as unknown as (name: string, params: object) => Promise<unknown>)(`payments.${verb}`, {});
			await expect(refused).rejects.toMatchObject({ type: "FORBIDDEN" });
		}
	}
});
