import fc from "fast-check";
import { goesTo, heldWithout, holdsOf, isHeldFor, rejectionOf } from "../../../services/orders/hold.ts";
import {
	carriedOf,
	evolve,
	excessOf,
	isSettled,
	may,
	priced,
	replay,
	requestCancel,
	type OrderFact,
	type Placed,
	type Recorded
} from "../../../services/orders/order.ts";
import { type Hold, Order } from "../../../services/orders/orders.contract.ts";

const ID = 12;
const placed: Placed = {
	userId: 1,
	flow: "orchestrated",
	items: [{ productId: 101, name: "Product A", quantity: 2, unitPrice: 1_250, total: 2_500 }],
	total: 2_500,
	currency: "EUR",
	shippingAddress: undefined
};
const anAddress = (city: string) => ({ name: "Alice", street: "1 Road", city, postalCode: "1", country: "FR" });
const facts = {
	held: { type: "held", data: { heldFor: ["REVIEW", "ADDRESS"], heldUntil: "2026-01-15T00:00:00.000Z" } },
	address_changed: { type: "address_changed", data: { shippingAddress: anAddress("Metz") } },
	released: { type: "released", data: { from: "REVIEW" } },
	confirmed: { type: "confirmed", data: { paymentId: 701, shipmentId: 901 } },
	cancelled: { type: "cancelled", data: { reason: "OUT_OF_STOCK" } },
	cancel_requested: { type: "cancel_requested", data: {} },
	cancel_refused: { type: "cancel_refused", data: { reason: "SHIPMENT_DISPATCHED" } },
	shipped: { type: "shipped", data: { shipmentId: 901 } },
	delivered: { type: "delivered", data: { shipmentId: 901 } },
	returned: { type: "returned", data: { returnId: 3, amount: 1_250 } }
} satisfies Record<string, OrderFact>;
type Kind = keyof typeof facts;
const kinds = Object.keys(facts) as Kind[];

const at = (n: number) => new Date(Date.UTC(2026, 0, 1) + n).toISOString();

/** Tells an order what happened, one after the other, as the store does: what may not happen leaves no trace. */
function tell(wanted: readonly (readonly [kind: Kind, gap: number])[]) {
	let time = 0;
	const created: Recorded = { type: "created", data: placed, version: 1, at: at(time) };
	const recorded: Recorded[] = [created];
	const states: Order[] = [evolve(undefined, created, ID)];
	for (const [kind, gap] of wanted) {
		const before = states.at(-1)!;
		if (!may(before, kind)) continue;
		const fact = { ...facts[kind], version: before.version + 1, at: at((time += gap)) } as Recorded;
		recorded.push(fact);
		states.push(evolve(before, fact, ID));
	}
	return { recorded, states, order: states.at(-1)! };
}
const happenings = fc.array(fc.tuple(fc.constantFrom(...kinds), fc.nat(3)), { maxLength: 25 });

describe("whatever happens to an order, in whatever order", () => {
	const always = (holds: (told: ReturnType<typeof tell>) => void) =>
		fc.assert(
			fc.property(happenings, wanted => holds(tell(wanted))),
			{ numRuns: 500 }
		);

	it("its versions are 1, 2, 3 … without a gap", () => {
		always(({ states }) => expect(states.map(({ version }) => version)).toEqual(states.map((_, n) => n + 1)));
	});

	it("it is an order as its contract has it", () => {
		always(({ order }) => expect(Order.safeParse(JSON.parse(JSON.stringify(order))).error).toBeUndefined());
	});

	it("it moves only forward: each state is reached once, and what is CANCELLED or DELIVERED stays so", () => {
		const rank = { PENDING: 0, HELD: 0, CONFIRMED: 1, SHIPPED: 2, DELIVERED: 3, CANCELLED: 3 };
		always(({ states }) => {
			for (let n = 1; n < states.length; n++) {
				expect(rank[states[n]!.status]).toBeGreaterThanOrEqual(rank[states[n - 1]!.status]);
				if (["CANCELLED", "DELIVERED"].includes(states[n - 1]!.status))
					expect(states[n]!.status).toBe(states[n - 1]!.status);
			}
		});
	});

	it("what was sold never changes: items, total, whose it is and when it was placed", () => {
		always(({ order }) => expect(order).toMatchObject({ ...JSON.parse(JSON.stringify(placed)), createdAt: at(0) }));
	});

	it("what it waits for and until when stand on it exactly when it is HELD", () => {
		always(({ order: { status, heldFor, heldUntil } }) =>
			expect([(heldFor ?? []).length > 0, heldUntil !== undefined]).toEqual([status === "HELD", status === "HELD"])
		);
	});

	it("a reason stands on it exactly when it is CANCELLED", () => {
		always(({ order }) => expect(order.reason !== undefined).toBe(order.status === "CANCELLED"));
	});

	it("what came back of it adds up, and it stays DELIVERED", () => {
		always(({ recorded, order }) => {
			const times = recorded.filter(({ type }) => type === "returned").length;
			expect(order.returned).toBe(times === 0 ? undefined : times * 1_250);
			if (times > 0) expect(order.status).toBe("DELIVERED");
		});
	});

	it("replaying its facts makes the same order", () => {
		always(({ recorded, order }) => expect(replay(ID, recorded)).toEqual(order));
	});

	it("also when they were stored as JSON in between", () => {
		always(({ recorded, order }) => {
			const stored = JSON.parse(JSON.stringify(recorded)) as Recorded[];
			expect(JSON.parse(JSON.stringify(replay(ID, stored)))).toEqual(JSON.parse(JSON.stringify(order)));
		});
	});

	it("replaying until a time makes the order as it was then", () => {
		fc.assert(
			fc.property(happenings, fc.integer({ min: -1, max: 80 }), (wanted, until) => {
				const { recorded, states } = tell(wanted);
				const then = recorded.filter(fact => fact.at <= at(until)).length;
				expect(replay(ID, recorded, at(until))).toEqual(states[then - 1]);
			}),
			{ numRuns: 500 }
		);
	});

	it("who waits for it is told to go on unless it is PENDING or being taken back", () => {
		always(({ order }) => {
			if (order.status === "PENDING") expect(isSettled(order)).toBe(false);
			if (order.cancelRequested) expect(isSettled(order)).toBe(false);
			if (["CANCELLED", "DELIVERED"].includes(order.status)) expect(isSettled(order)).toBe(true);
		});
	});
});

describe("what may happen", () => {
	const allowed: Record<Order["status"], Kind[]> = {
		PENDING: ["held", "confirmed", "cancelled", "cancel_requested"],
		HELD: ["address_changed", "released", "cancelled"],
		CONFIRMED: ["cancelled", "cancel_requested", "cancel_refused", "shipped"],
		SHIPPED: ["cancel_refused", "delivered"],
		DELIVERED: ["cancel_refused", "returned"],
		CANCELLED: []
	};
	it.each(Object.entries(allowed))("to an order that is %s is %j", (status, expected) => {
		const order = { ...tell([]).order, status: status as Order["status"] };
		expect(kinds.filter(kind => may(order, kind))).toEqual(expected);
	});

	it("begins with its creation", () => {
		expect(() => evolve(undefined, { ...facts.confirmed, version: 1, at: at(0) } as Recorded, ID)).toThrow(
			"Order 12 begins with confirmed"
		);
		expect(replay(ID, [])).toBeUndefined();
	});
});

describe("a wish to cancel", () => {
	const after = (...wanted: Kind[]) => tell(wanted.map(kind => [kind, 1] as const)).order;

	it("is a fact for an order that is PENDING or CONFIRMED", () => {
		for (const order of [after(), after("confirmed")])
			expect(requestCancel(order)).toEqual({ type: "cancel_requested", data: {} });
	});

	it("is nothing new for one that is cancelled or being taken back", () => {
		for (const order of [after("cancelled"), after("cancel_requested"), after("confirmed", "cancel_requested")])
			expect(requestCancel(order)).toBeUndefined();
	});

	it("can be had again after it was refused", () => {
		expect(requestCancel(after("confirmed", "cancel_requested", "cancel_refused"))).toBeDefined();
	});

	it("ends one that is held at once", () => {
		expect(requestCancel(after("held"))).toEqual({ type: "cancelled", data: { reason: "CUSTOMER" } });
	});

	it("comes too late for one that has left", () => {
		for (const order of [after("confirmed", "shipped"), after("confirmed", "shipped", "delivered")])
			expect(() => requestCancel(order)).toThrow(`cannot be cancelled any more: it is ${order.status}`);
	});

	it("made while it is placed lasts until it is confirmed", () => {
		expect(after("cancel_requested", "confirmed")).toMatchObject({ status: "CONFIRMED", cancelRequested: true });
	});
});

describe("a hold", () => {
	const wait = (...heldFor: Hold[]): Order => ({ ...tell([["held", 1]]).order, heldFor });

	it("is for a total above the limit, and for an address that no carrier goes to", () => {
		expect(holdsOf(100, { above: 100, ships: true })).toEqual([]);
		expect(holdsOf(101, { above: 100, ships: true })).toEqual(["REVIEW"]);
		expect(holdsOf(1, { above: 0, ships: false })).toEqual(["REVIEW", "ADDRESS"]);
		expect(holdsOf(1_000_000, { ships: false })).toEqual(["ADDRESS"]);
		expect(holdsOf(1_000_000, { ships: true })).toEqual([]);
	});

	it("lasts until all that it is for is over", () => {
		const order = wait("REVIEW", "ADDRESS");
		expect([isHeldFor(order, "REVIEW"), isHeldFor(order, "ADDRESS"), isHeldFor({}, "REVIEW")]).toEqual([
			true,
			true,
			false
		]);
		expect([heldWithout(order, "REVIEW"), heldWithout({}, "REVIEW")]).toEqual([["ADDRESS"], []]);
		const again = { ...facts.released, version: 3, at: at(9) } as const;
		const reviewed = evolve(order, again, ID);
		expect(reviewed).toMatchObject({ status: "HELD", heldFor: ["ADDRESS"], heldUntil: order.heldUntil });
		const free = evolve(reviewed, { ...again, data: { from: "ADDRESS" }, version: 4 }, ID);
		expect(free).toMatchObject({ status: "PENDING", version: 4 });
		expect(isSettled(reviewed)).toBe(true);
		expect(isSettled(free)).toBe(false);
	});

	it("that the staff does not lift ends the order for what it was for", () => {
		expect([rejectionOf(wait("REVIEW", "ADDRESS")), rejectionOf(wait("ADDRESS"))]).toEqual([
			"REVIEW_REJECTED",
			"SHIPPING_FAILED"
		]);
	});

	it("is lifted with the address that is given, all of it", () => {
		const order = evolve(wait("ADDRESS"), { ...facts.address_changed, version: 3, at: at(9) }, ID);
		expect(order).toMatchObject({ status: "HELD", heldFor: ["ADDRESS"], shippingAddress: anAddress("Metz") });
		expect([goesTo(order, anAddress("Metz")), goesTo(order, anAddress("Lyon"))]).toEqual([true, false]);
		expect(goesTo(tell([]).order, anAddress("Metz"))).toBe(false);
		expect(carriedOf(order, "tok_ok")).toEqual({
			orderId: ID,
			userId: 1,
			items: [{ productId: 101, quantity: 2 }],
			total: 2_500,
			currency: "EUR",
			paymentToken: "tok_ok",
			shippingAddress: anAddress("Metz")
		});
	});
});

describe("prices", () => {
	const price = fc.integer({ min: 0, max: 1_000_000_000 });
	const catalogueOf = (prices: number[]) =>
		new Map(prices.map((cents, n) => [n, { name: `Product ${n}`, price: cents }]));
	const basket = fc.array(price, { minLength: 1, maxLength: 10 }).chain(prices =>
		fc.record({
			prices: fc.constant(prices),
			wanted: fc.array(
				fc.record({ productId: fc.nat(prices.length - 1), quantity: fc.integer({ min: 1, max: 10_000 }) }),
				{ minLength: 1, maxLength: 50 }
			)
		})
	);

	it("add up to the total, in whole cents, whatever is ordered", () => {
		fc.assert(
			fc.property(basket, ({ prices, wanted }) => {
				const { items, total } = priced(wanted, catalogueOf(prices));
				expect(total).toBe(wanted.reduce((sum, line) => sum + prices[line.productId]! * line.quantity, 0));
				expect(total).toBe(items.reduce((sum, item) => sum + item.total, 0));
				for (const item of items) expect(item.total).toBe(item.unitPrice * item.quantity);
				expect(Number.isSafeInteger(total)).toBe(true);
			})
		);
	});

	it("that an order cannot hold are told, and only those", () => {
		fc.assert(
			fc.property(basket, ({ prices, wanted }) => {
				const lines = priced(wanted, catalogueOf(prices));
				const excess = excessOf(wanted, lines);
				const holds = Order.pick({ items: true, total: true }).safeParse({
					...lines,
					items: lines.items.map(item => ({ ...item, productId: item.productId + 1 }))
				});
				const tooDear = lines.items.some(item => item.total > 1e12);
				expect(excess.length === 0).toBe(holds.success);
				if (tooDear) expect(excess.map(({ pointer }) => pointer)).toContain("/items");
			})
		);
	});

	it("come with one line for each product, and no unit more or less of it", () => {
		fc.assert(
			fc.property(basket, ({ prices, wanted }) => {
				const { items } = priced(wanted, catalogueOf(prices));
				expect(new Set(items.map(({ productId }) => productId)).size).toBe(items.length);
				for (const { productId, quantity } of items)
					expect(quantity).toBe(
						wanted.filter(line => line.productId === productId).reduce((sum, line) => sum + line.quantity, 0)
					);
				expect(items.reduce((sum, item) => sum + item.quantity, 0)).toBe(
					wanted.reduce((sum, line) => sum + line.quantity, 0)
				);
			})
		);
	});
});
