// checklist: 85, 86, 94-100
import { eventually } from "../support/eventually.ts";
import { failing, hanging, Neighbours, refusing, shop, type Shop } from "../support/orders.mother.ts";

let neighbours: Neighbours;
let here: Shop;

beforeEach(async () => {
	neighbours = new Neighbours();
	here = await shop(neighbours);
});
afterEach(() => here.close());

const steps = [
	"inventory.reserve",
	"payments.authorize",
	"shipping.create",
	"inventory.commit",
	"payments.capture"
] as const;
const becomes = (id: number, status: string, reason?: string) =>
	eventually(async () => {
		const order = await here.order(id);
		expect([order.status, order.reason]).toEqual([status, reason]);
		return order;
	});

describe("an order that nothing stands in the way of", () => {
	it("is PENDING when it is answered, and CONFIRMED when its steps are done", async () => {
		const placed = await here.place();
		expect(placed).toMatchObject({
			id: 1,
			userId: 1,
			status: "PENDING",
			flow: "orchestrated",
			items: [{ productId: 101, name: "Product 101", quantity: 2, unitPrice: 1_250, total: 2_500 }],
			total: 2_500,
			currency: "EUR",
			version: 1
		});
		const order = await becomes(1, "CONFIRMED");
		expect(order).toMatchObject({ paymentId: 701, shipmentId: 901, version: 2 });
		expect(neighbours.actions).toEqual(steps);
	});

	it("asks each neighbour for what it needs to know, under a key of its own", async () => {
		const shippingAddress = { name: "Alice", street: "Road 1", city: "Town", postalCode: "1", country: "DE" };
		await here.place({ shippingAddress });
		await becomes(1, "CONFIRMED");
		const asked = neighbours.asked.slice(-5);
		expect(asked.map(({ params }) => params)).toEqual([
			{ orderId: 1, items: [{ productId: 101, quantity: 2 }] },
			{ orderId: 1, userId: 1, amount: 2_500, currency: "EUR", token: "tok_ok" },
			{ orderId: 1, userId: 1, address: shippingAddress },
			{ orderId: 1 },
			{ orderId: 1 }
		]);
		expect(asked.map(({ key }) => key)).toEqual(steps.map(step => `1:${step}:forward`));
	});

	// checklist: 61
	it("announces that it was created and confirmed, once each and in that order", async () => {
		await here.place();
		await becomes(1, "CONFIRMED");
		await eventually(() => expect(here.heard).toHaveLength(2));
		expect(here.heard.map(({ type, subject, sequence }) => [type, subject, sequence])).toEqual([
			["order.created", "order/1", 1],
			["order.confirmed", "order/1", 2]
		]);
		const [created] = here.of("order.created");
		expect(created!.data).toMatchObject({ orderId: 1, userId: 1, total: 2_500 });
		expect(created!.data).not.toHaveProperty("order");
		expect(new Date(created!.time).toISOString()).toBe(created!.time);
		expect(here.of("order.confirmed")[0]!.data).toMatchObject({ orderId: 1, paymentId: 701, shipmentId: 901 });
	});

	it("tells its steps in its history", async () => {
		await here.place();
		await becomes(1, "CONFIRMED");
		await eventually(async () =>
			expect(await here.steps(1)).toEqual([...steps.map(step => `forward ${step} DONE`), "forward place-order DONE"])
		);
	});
});

describe("a refusal", () => {
	const back = { shipping: "shipping.cancel", payment: "payments.void", stock: "inventory.release" };
	const table: [step: (typeof steps)[number], code: string, undone: string[]][] = [
		["inventory.reserve", "OUT_OF_STOCK", [back.stock]],
		["payments.authorize", "PAYMENT_DECLINED", [back.payment, back.stock]],
		["shipping.create", "SHIPPING_FAILED", [back.shipping, back.payment, back.stock]],
		["inventory.commit", "OUT_OF_STOCK", [back.shipping, back.payment, back.stock]],
		["payments.capture", "PAYMENT_VOIDED", [back.shipping, back.payment, back.stock]]
	];
	it.each(table)("of %s, %s, cancels the order and undoes its steps in reverse", async (step, code, undone) => {
		neighbours.on(step, refusing(code));
		await here.place();
		await becomes(1, "CANCELLED", code);
		// The refused step is undone too: a late repeat of it then finds a tombstone.
		expect(neighbours.actions).toEqual([...steps.slice(0, steps.indexOf(step) + 1), ...undone]);
		for (const action of undone) expect(neighbours.keysOf(action)).toEqual([`1:${action}:back`]);
		expect(neighbours.asked.slice(-1)[0]!.params).toEqual({ orderId: 1, reason: "ORDER_CANCELLED" });
		await eventually(() => expect(here.of("order.cancelled").map(({ data }) => data.reason)).toEqual([code]));
		expect(here.of("order.confirmed")).toEqual([]);
		expect(await here.sagas()).toEqual([expect.objectContaining({ type: "place-order", status: "COMPENSATED" })]);
	});

	it.each(Object.values(back))(
		"and then a neighbour that cannot be asked for %s delay it, and no more",
		async action => {
			neighbours.on("payments.capture", refusing("PAYMENT_VOIDED")).on(action, failing, failing);
			await here.place();
			await becomes(1, "CANCELLED", "PAYMENT_VOIDED");
			expect(neighbours.keysOf(action)).toEqual(Array(3).fill(`1:${action}:back`));
			expect(neighbours.actions.slice(-1)).toEqual(["inventory.release"]);
		}
	);
});

describe("a neighbour that cannot be asked", () => {
	it.each(steps)("for %s is asked again, under the same key, and the order is confirmed", async step => {
		neighbours.on(step, failing, failing);
		await here.place();
		await becomes(1, "CONFIRMED");
		expect(neighbours.keysOf(step)).toEqual(Array(3).fill(`1:${step}:forward`));
		expect(neighbours.actions.filter(action => /release|void|cancel/.test(action))).toEqual([]);
	});

	it("twenty times leaves the order PENDING to an operator, who pushes it on", async () => {
		neighbours.on("payments.authorize", ...Array.from({ length: 21 }, () => failing));
		await here.place();
		await eventually(async () => {
			await here.tamper(
				"UPDATE sagas SET attempts = CASE WHEN attempts < 18 THEN 18 ELSE attempts END, next_run_at = 0 WHERE status = 'RUNNING'"
			);
			expect((await here.sagas())[0]).toMatchObject({ status: "NEEDS_ATTENTION", attempts: 20, error: "OUT_OF_ORDER" });
		});
		expect((await here.order(1)).status).toBe("PENDING");
		await eventually(() =>
			expect(here.of("system.saga_needs_attention").map(({ data }) => data)).toEqual([
				{ saga: "1", type: "place-order", step: "payments.authorize", error: "OUT_OF_ORDER" }
			])
		);
		neighbours.on("payments.authorize");
		const pushed = await here.call("orders.retrySaga", { id: 1 });
		expect(pushed.type).toBe("place-order");
		await becomes(1, "CONFIRMED");
		await expect(here.call("orders.retrySaga", { id: 1 })).rejects.toMatchObject({ type: "SAGA_NOT_FOUND" });
	});
});

describe("waiting for the outcome", () => {
	it("is answered with the order once it is settled, well or not", async () => {
		neighbours.on("payments.authorize", () => undefined, refusing("PAYMENT_DECLINED"));
		const settled = async () => here.call("orders.outcome", { id: (await here.place()).id, waitMs: 5_000 });
		expect(await settled()).toMatchObject({ status: "CONFIRMED", paymentId: 701 });
		expect(await settled()).toMatchObject({ status: "CANCELLED", reason: "PAYMENT_DECLINED" });
	});

	it("is answered with the order as it stands when the time is over", async () => {
		const hang = hanging();
		neighbours.on("inventory.reserve", hang.answer);
		const { id } = await here.place();
		expect(await here.call("orders.outcome", { id, waitMs: 50 })).toMatchObject({ status: "PENDING" });
		hang.go();
		await becomes(1, "CONFIRMED");
	});
});
