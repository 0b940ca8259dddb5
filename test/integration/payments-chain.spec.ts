import type { SoukEvent } from "../../broker/event.ts";
import type { CarriedOrder } from "../../services/orders/orders.contract.ts";
import { eventually } from "../support/eventually.ts";
import { event } from "../support/node.ts";
import { outcomeOf, shop, type Shop } from "../unit/payments/support.ts";

let here: Shop;
beforeEach(async () => {
	here = await shop();
});
afterEach(() => here.node.close());

const items = [{ productId: 101, quantity: 2 }];
const address = { name: "Alice", street: "Road 1", city: "Town", postalCode: "1", country: "DE" };
const carried = (token = "tok_ok"): CarriedOrder => ({
	orderId: 12,
	userId: 1,
	items,
	total: 2500,
	currency: "EUR",
	paymentToken: token,
	shippingAddress: address
});
const about = (order?: CarriedOrder) => ({ orderId: 12, items, order });
const reserved = (order?: CarriedOrder) =>
	event("inventory.reserved", "order/12", { ...about(order), expiresAt: new Date().toISOString() });
const committed = (order?: CarriedOrder) =>
	event("inventory.committed", "order/12", about(order && { ...order, shipmentId: 9 }));
const shipmentFailed = (order?: CarriedOrder) =>
	event("shipment.failed", "order/12", { shipmentId: 5, orderId: 12, userId: 1, order, reason: "SHIPPING_FAILED" });
const shipmentCancelled = (order?: CarriedOrder) =>
	event("shipment.cancelled", "order/12", { shipmentId: 5, orderId: 12, userId: 1, order, reason: "OUT_OF_STOCK" });

async function publish(...events: SoukEvent[]): Promise<void> {
	for (const one of events) await here.node.publish(one);
}
/** What payments said, by type and the order carried; all of it is delivered. */
async function said(): Promise<string[]> {
	await eventually(async () => expect(await here.service.relay.backlog()).toBe(0));
	return here.node.heard
		.filter(({ type }) => type.startsWith("payment."))
		.map(({ type, data }) => {
			const { order, reason } = data as { order?: CarriedOrder; reason?: string };
			return [type, reason, order ? "in the chain" : "alone"].filter(Boolean).join(" ");
		});
}
const parked = () => here.service.store.all("SELECT * FROM dead_letters");
const state = async () => (await here.row(12))?.state;

describe("a choreographed order", () => {
	// checklist: 90
	it("is authorized when its goods are held, and captured when they are taken off the shelf", async () => {
		await publish(reserved(carried()));
		expect(await state()).toBe("AUTHORIZED");
		await publish(committed(carried()));
		expect(await state()).toBe("CAPTURED");
		expect(await said()).toEqual(["payment.authorized in the chain", "payment.captured in the chain"]);
		expect(here.node.of("payment.captured")[0]!.data).toMatchObject({
			paymentId: 1,
			userId: 1,
			amount: 2500,
			order: carried()
		});
		expect(await here.service.reconcile()).toEqual([]);
	});

	it("hears each event once, however often it comes", async () => {
		const [first, second] = [reserved(carried()), committed(carried())];
		await publish(first, first, second, first, second);
		await Promise.all(Array.from({ length: 5 }, () => here.node.publish(second)));
		expect(await said()).toEqual(["payment.authorized in the chain", "payment.captured in the chain"]);
		expect((await here.ledger()).balances).toEqual({ provider_receivable: 2500, sales: -2500 });
	});

	it("does nothing twice when the same link comes as another event", async () => {
		await publish(reserved(carried()), reserved(carried()), committed(carried()), committed(carried()));
		expect(await said()).toEqual(["payment.authorized in the chain", "payment.captured in the chain"]);
		expect(here.asked).toEqual(["authorize order-12:authorize", "capture order-12:capture"]);
	});

	// checklist: 91
	it("is told when the payment is declined, and nothing is parked", async () => {
		await publish(reserved(carried("tok_declined")));
		expect(await said()).toEqual(["payment.failed PAYMENT_DECLINED in the chain"]);
		expect(here.node.of("payment.failed")[0]!.data.order).toEqual({ ...carried("tok_declined"), paymentId: 1 });
		expect(await parked()).toEqual([]);
	});

	it("is told when the capture is declined, and then voided as far as there is anything to void", async () => {
		const order = carried("tok_capture_declined");
		await publish(reserved(order), committed(order), shipmentCancelled(order));
		expect(await said()).toEqual([
			"payment.authorized in the chain",
			"payment.capture_failed PAYMENT_DECLINED in the chain",
			"payment.voided OUT_OF_STOCK in the chain"
		]);
		expect(await state()).toBe("FAILED");
		expect(await parked()).toEqual([]);
		expect(await here.service.reconcile()).toEqual([]);
	});

	it("is authorized and captured although each first answer is lost", async () => {
		const order = carried("tok_lost_answer");
		await publish(reserved(order), committed(order));
		expect(await said()).toEqual(["payment.authorized in the chain", "payment.captured in the chain"]);
		expect(here.asked).toEqual([
			"authorize order-12:authorize",
			"find order-12:authorize",
			"capture order-12:capture",
			"capture order-12:capture"
		]);
		expect((await here.provider.statement()).records).toHaveLength(1);
		expect(await here.service.reconcile()).toEqual([]);
	});

	it("goes on when its authorization settles later", async () => {
		await publish(reserved(carried("tok_late_webhook")));
		expect(await said()).toEqual(["payment.authorized in the chain"]);
	});

	it("goes on by a webhook alone, with the order it carries", async () => {
		const order = carried("tok_late_webhook");
		here.meddle.find = () => Promise.resolve({ state: "pending" });
		const waiting = here.node.publish(reserved(order));
		await eventually(() => expect(here.sent).toHaveLength(1));
		here.meddle.find = undefined;
		const { raw, signature } = here.sent[0]!;
		await here.node.call("payments.webhook", { raw, signature });
		await waiting;
		expect(await said()).toEqual(["payment.authorized in the chain"]);
		expect(here.node.of("payment.authorized")[0]!.data.order).toEqual({ ...order, paymentId: 1 });
	});

	describe("whose capture is found in the provider's books before its answer is recorded", () => {
		const placed = carried("tok_late_webhook");
		const shipped = { ...placed, paymentId: 1, shipmentId: 9 };
		const orders = () => here.node.of("payment.captured").map(({ data }) => data.order);
		/** A hint about the authorization, which comes late: by now there is more in the books. */
		const lateHint = async () => {
			await eventually(() => expect(here.sent).toHaveLength(1));
			const { raw, signature } = here.sent[0]!;
			await here.node.call("payments.webhook", { raw, signature });
			await eventually(async () => expect(await state()).toBe("CAPTURED"));
		};

		it("is told in the chain only once all of the order is known, its parcel too", async () => {
			await publish(reserved(placed));
			here.meddle.capture = async go => {
				await go();
				throw new Error("the process died");
			};
			await outcomeOf(here.node.call("payments.capture", { orderId: 12 }));
			await lateHint();
			expect(await said()).toEqual(["payment.authorized in the chain", "payment.captured alone"]);
			await publish(committed(placed));
			await said();
			expect(orders()).toEqual([undefined, shipped]);
			expect((await here.ledger()).balances).toEqual({ provider_receivable: 2500, sales: -2500 });
		});

		it("is told in the chain by who asked for it and comes second", async () => {
			await publish(reserved(placed));
			here.meddle.capture = async go => {
				const answer = await go();
				await lateHint();
				return answer;
			};
			await publish(committed(placed));
			await said();
			expect(orders()).toEqual([undefined, shipped]);
		});
	});

	it("is voided when its shipment fails", async () => {
		const failed = shipmentFailed(carried());
		await publish(reserved(carried()), failed, failed);
		expect(await said()).toEqual(["payment.authorized in the chain", "payment.voided SHIPPING_FAILED in the chain"]);
		expect(await state()).toBe("VOIDED");
		expect(await here.provider.find("order-12:authorize")).toMatchObject({ state: "voided" });
	});

	it("is voided although the answer is lost", async () => {
		const order = carried("tok_lost_answer");
		await publish(reserved(order), shipmentFailed(order));
		expect((await said()).at(-1)).toBe("payment.voided SHIPPING_FAILED in the chain");
		expect(await state()).toBe("VOIDED");
	});

	it("that comes back before it was ever authorized leaves a tombstone, and a late authorization fails", async () => {
		await publish(shipmentFailed(carried()), reserved(carried()), committed(carried()));
		expect(await said()).toEqual([
			"payment.voided SHIPPING_FAILED in the chain",
			"payment.failed PAYMENT_VOIDED in the chain",
			"payment.capture_failed PAYMENT_VOIDED in the chain"
		]);
		expect(here.asked).toEqual([]);
		expect(await parked()).toEqual([]);
	});

	it("that comes back after it was captured gets its money back, and the chain goes on", async () => {
		await publish(reserved(carried()), committed(carried()), shipmentCancelled(carried()));
		expect(await state()).toBe("REFUNDED");
		expect((await said()).slice(2)).toEqual([
			"payment.refunded OUT_OF_STOCK in the chain",
			"payment.voided OUT_OF_STOCK in the chain"
		]);
		expect(await here.service.reconcile()).toEqual([]);
	});

	it("that comes back while a capture's record is lost gets its money back", async () => {
		await publish(reserved(carried()));
		here.meddle.capture = async go => {
			await go();
			throw new Error("the process died");
		};
		await outcomeOf(here.node.call("payments.capture", { orderId: 12 }));
		await publish(shipmentCancelled(carried()));
		expect(await state()).toBe("REFUNDED");
		expect((await said()).at(-1)).toBe("payment.voided OUT_OF_STOCK in the chain");
		expect(await here.service.reconcile()).toEqual([]);
	});

	it("that was declined while the answer was lost is told so when it comes back", async () => {
		here.meddle.authorize = async go => {
			await go();
			throw new Error("the process died");
		};
		await outcomeOf(here.authorize(12, "tok_declined"));
		await publish(shipmentFailed(carried()));
		expect(await state()).toBe("FAILED");
		expect(await said()).toEqual([
			"payment.failed PAYMENT_DECLINED in the chain",
			"payment.voided SHIPPING_FAILED in the chain"
		]);
	});

	it("hears its answer also where a call had decided before", async () => {
		const [first, second] = [reserved(carried()), committed(carried())];
		await here.authorize(12);
		await publish(first, first);
		await here.node.call("payments.capture", { orderId: 12 });
		await publish(second, second);
		expect(await said()).toEqual([
			"payment.authorized alone",
			"payment.authorized in the chain",
			"payment.captured alone",
			"payment.captured in the chain"
		]);
	});

	it("hears that it was declined also where a call had decided before", async () => {
		await outcomeOf(here.authorize(12, "tok_declined"));
		await publish(reserved(carried()), committed(carried()));
		expect(await said()).toEqual([
			"payment.failed PAYMENT_DECLINED alone",
			"payment.failed PAYMENT_DECLINED in the chain",
			"payment.capture_failed PAYMENT_DECLINED in the chain"
		]);
	});

	it("without any payment is left to whoever watches over it", async () => {
		await publish(committed(carried()));
		expect(await said()).toEqual([]);
		expect(await parked()).toEqual([]);
	});

	it("goes on where the process died between the provider and our record", async () => {
		const order = carried();
		here.meddle.authorize = async go => {
			await go();
			throw new Error("the process died");
		};
		here.meddle.find = () => Promise.reject(new Error("the process died"));
		const first = reserved(order);
		const given = here.node.publish(first).catch(() => undefined);
		await eventually(() => expect(here.asked.length).toBeGreaterThan(0));
		here = await here.restart();
		await given;
		await publish(first);
		expect(await said()).toEqual(["payment.authorized in the chain"]);
		expect((await here.provider.statement()).records).toHaveLength(1);
		expect(await parked()).toEqual([]);
	});
});

it("an orchestrated order is no business of the chain", async () => {
	await publish(reserved(), committed(), shipmentFailed(), shipmentCancelled());
	expect(here.asked).toEqual([]);
	expect(await here.row(12)).toBeUndefined();
});
