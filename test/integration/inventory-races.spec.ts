import fc from "fast-check";
import { codeOf } from "../../broker/errors.ts";
import { uuid7 } from "../../broker/ids.ts";
import type { Line } from "../../services/inventory/stock.ts";
import inventory from "../../services/inventory/inventory.service.ts";
import { eventually } from "../support/eventually.ts";
import { books, inventoryOf, lapse, staffOf, stockUp } from "../support/inventory.ts";
import { node, type TestNode } from "../support/node.ts";

let shop: TestNode;

const reserve = (orderId: number, items: Line[]) => shop.call("inventory.reserve", { orderId, items });
const commit = (orderId: number) => shop.call("inventory.commit", { orderId });
const release = (orderId: number) => shop.call("inventory.release", { orderId, reason: "ORDER_CANCELLED" });
const delivered = () => eventually(async () => expect(await inventoryOf(shop).relay.backlog()).toBe(0));

describe("expiry against commit", () => {
	beforeEach(async () => {
		shop = await node([inventory]);
	});
	afterEach(() => shop.close());

	it("has one winner, and the buyer gets the goods while they are there", async () => {
		await stockUp(shop, { 101: 100 });
		const orders = Array.from({ length: 50 }, (_, index) => index + 1);
		await Promise.all(orders.map(orderId => reserve(orderId, [{ productId: 101, quantity: 1 }])));
		await lapse(shop, ...orders);
		const sweep = () => inventoryOf(shop).expireOverdue();
		const answers = await Promise.all([
			sweep(),
			...orders.slice(0, 25).map(commit),
			sweep(),
			...orders.slice(25).map(commit)
		]);
		expect(answers.filter(answer => typeof answer === "object")).toEqual(
			orders.map(orderId => ({ orderId, status: "COMMITTED" }))
		);
		expect((await books(shop)).shelf[101]).toEqual({ onHand: 50, reserved: 0 });
		await delivered();
		expect(shop.of("inventory.committed")).toHaveLength(50);
	});

	it("never sells the same unit to the late and to the next", async () => {
		await stockUp(shop, { 101: 20 });
		const late = Array.from({ length: 20 }, (_, index) => index + 1);
		const next = late.map(orderId => orderId + 100);
		await Promise.all(late.map(orderId => reserve(orderId, [{ productId: 101, quantity: 1 }])));
		await lapse(shop, ...late);
		const sweeping = inventoryOf(shop).expireOverdue();
		const settled = await Promise.allSettled([
			...next.map(orderId => reserve(orderId, [{ productId: 101, quantity: 1 }])),
			...late.map(commit)
		]);
		await sweeping;
		const { shelf, status } = await books(shop);
		// What each was told is what the books say.
		settled.forEach((answer, index) => {
			const orderId = [...next, ...late][index]!;
			if (answer.status === "fulfilled") expect(status[orderId]).toBe(answer.value.status);
			else {
				expect(codeOf(answer.reason)).toBe("OUT_OF_STOCK");
				expect(["EXPIRED", undefined]).toContain(status[orderId]);
			}
		});
		const told = (wanted: string) => Object.values(status).filter(one => one === wanted).length;
		expect(told("COMMITTED") + told("HELD")).toBeLessThanOrEqual(20);
		expect(shelf[101]).toEqual({ onHand: 20 - told("COMMITTED"), reserved: told("HELD") });
	});
});

type Operation =
	| { do: "reserve"; orderId: number; items: Line[] }
	| { do: "commit" | "release" | "lapse"; orderId: number }
	| { do: "set" | "adjust"; productId: number; units: number };

const orderId = fc.integer({ min: 1, max: 80 });
const productId = fc.integer({ min: 101, max: 105 });
const operation: fc.Arbitrary<Operation> = fc.oneof(
	{
		weight: 6,
		arbitrary: fc.record({
			do: fc.constant("reserve" as const),
			orderId,
			// Product 105 is never counted, and the same product may come twice.
			items: fc.array(fc.record({ productId, quantity: fc.integer({ min: 1, max: 6 }) }), {
				minLength: 1,
				maxLength: 4
			})
		})
	},
	{
		weight: 8,
		arbitrary: fc.record({ do: fc.constantFrom("commit" as const, "release" as const, "lapse" as const), orderId })
	},
	{
		weight: 1,
		arbitrary: fc.record({
			do: fc.constantFrom("set" as const, "adjust" as const),
			productId: fc.integer({ min: 101, max: 104 }),
			units: fc.integer({ min: 0, max: 60 })
		})
	}
);

async function carryOut(operation: Operation): Promise<unknown> {
	switch (operation.do) {
		case "reserve":
			return reserve(operation.orderId, operation.items);
		case "commit":
			return commit(operation.orderId);
		case "release":
			return release(operation.orderId);
		case "lapse":
			await lapse(shop, operation.orderId);
			return inventoryOf(shop).expireOverdue();
		case "set":
			return staffOf(shop)("inventory.set", { productId: operation.productId, onHand: operation.units });
		case "adjust":
			return staffOf(shop, { "idempotency-key": uuid7() })("inventory.adjust", {
				productId: operation.productId,
				delta: operation.units - 30,
				reason: "Stocktaking"
			});
	}
}

it("keeps the books in balance through 500 operations at once, whatever they are", async () => {
	const run = fc.array(operation, { minLength: 500, maxLength: 500 });
	await fc.assert(
		fc
			.asyncProperty(run, async operations => {
				await stockUp(shop, { 101: 40, 102: 40, 103: 40, 104: 40 });
				const results = await Promise.allSettled(operations.map(carryOut));
				for (const result of results)
					if (result.status === "rejected")
						expect(["OUT_OF_STOCK", "RESERVATION_RELEASED", "STOCK_RESERVED"]).toContain(codeOf(result.reason));
				const { status, movements } = await books(shop);
				// What an order took it took once, and brought back only once, when it was released.
				const taken = new Map<string, number[]>();
				for (const { order_id, product_id, delta } of movements) {
					if (order_id === null) continue;
					const whose = `${order_id} ${product_id}`;
					taken.set(whose, [...(taken.get(whose) ?? []), delta]);
				}
				for (const [whose, deltas] of taken) {
					const [sold, ...returned] = deltas;
					expect(sold).toBeLessThan(0);
					expect(returned).toEqual(status[Number.parseInt(whose)] === "COMMITTED" ? [] : [-sold!]);
				}
			})
			.beforeEach(async () => {
				shop = await node([inventory]);
			})
			.afterEach(() => shop.close()),
		{ numRuns: 4, endOnFailure: true }
	);
});
