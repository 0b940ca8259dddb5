import fc from "fast-check";
import { assertReturnable, CHANGES, isGivenUp, isOver, linesOf } from "../../../services/orders/return.ts";

const order = {
	items: [
		{ productId: 101, name: "Product A", quantity: 3, unitPrice: 1_250, total: 3_750 },
		{ productId: 102, name: "Product B", quantity: 1, unitPrice: 399, total: 399 }
	]
};
const of = (quantity: number, productId = 101) => ({ productId, quantity });
type Other = Parameters<typeof linesOf>[1][number];
const other = (status: Other["status"], quantity: number): Other => ({
	status,
	items: [{ ...order.items[0]!, quantity, total: 1_250 * quantity }]
});

describe("what comes back of an order", () => {
	it("is refunded at the price it was sold for, lines of one product added up", () => {
		expect(linesOf(order, [], [of(1), of(1, 102), of(1)])).toEqual({
			items: [
				{ productId: 101, name: "Product A", quantity: 2, unitPrice: 1_250, total: 2_500 },
				{ productId: 102, name: "Product B", quantity: 1, unitPrice: 399, total: 399 }
			],
			amount: 2_899
		});
	});

	it("was in it", () => {
		expect(() => linesOf(order, [], [of(1), of(1, 103)])).toThrow(
			expect.objectContaining({
				code: 422,
				type: "PRODUCT_NOT_ORDERED",
				data: { errors: [expect.objectContaining({ pointer: "/items/1/productId" })] }
			})
		);
	});

	it.each([
		["as much as was ordered", [], 3, undefined],
		["no more than was ordered", [], 4, 3],
		["what another return leaves", [other("REQUESTED", 2)], 1, undefined],
		["no more than other returns leave", [other("ACCEPTED", 1), other("COMPLETED", 1)], 2, 1],
		["what a return had that was refused", [other("REFUSED", 3)], 3, undefined]
	])("is %s", (_, others, quantity, left) => {
		const take = () => linesOf(order, others, [of(quantity)]);
		if (left === undefined) expect(take().amount).toBe(quantity * 1_250);
		else
			expect(take).toThrow(
				expect.objectContaining({ code: 409, type: "RETURN_TOO_LARGE", data: expect.objectContaining({ left }) })
			);
	});

	it("is never more than was ordered, however often it is asked for", () => {
		const status = fc.constantFrom("REQUESTED" as const, "REFUSED" as const, "ACCEPTED" as const, "COMPLETED" as const);
		fc.assert(
			fc.property(
				fc.array(fc.record({ status, lines: fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 1 }) })),
				all => {
					const stand: Other[] = [];
					for (const { status, lines } of all) {
						try {
							stand.push({
								status,
								...linesOf(
									order,
									stand,
									lines.map(quantity => of(quantity))
								)
							});
						} catch {
							// Refused: nothing was added.
						}
					}
					const back = stand.filter(one => one.status !== "REFUSED").flatMap(({ items }) => items);
					expect(back.reduce((sum, { quantity }) => sum + quantity, 0)).toBeLessThanOrEqual(3);
				}
			)
		);
	});
});

describe("an order", () => {
	const delivered = "2026-01-02T03:04:05.678Z";
	const at =
		(now: string, days = 30) =>
		() =>
			assertReturnable({ id: 1, status: "DELIVERED" }, delivered, { days, now });

	it("can be returned for so many days after it arrived", () => {
		expect(at(delivered)).not.toThrow();
		expect(at("2026-02-01T03:04:05.677Z")).not.toThrow();
		const late = { code: 409, type: "RETURN_TOO_LATE", data: { orderId: 1, until: "2026-02-01T03:04:05.678Z" } };
		expect(at("2026-02-01T03:04:05.678Z")).toThrow(expect.objectContaining(late));
		expect(at(delivered, 0)).toThrow(expect.objectContaining({ type: "RETURN_TOO_LATE" }));
	});

	it.each(["PENDING", "CONFIRMED", "SHIPPED", "CANCELLED"] as const)("cannot when it is %s", status => {
		const when = { days: 30, now: delivered };
		expect(() => assertReturnable({ id: 1, status }, undefined, when)).toThrow(
			expect.objectContaining({ code: 409, type: "ORDER_NOT_RETURNABLE", data: { id: 1, status } })
		);
	});
});

describe("a return", () => {
	it("is given up before its goods were inspected, and stays refused", () => {
		expect(isGivenUp({ id: 1, status: "REQUESTED" })).toBe(true);
		expect(isGivenUp({ id: 1, status: "REFUSED" })).toBe(false);
		for (const status of ["ACCEPTED", "COMPLETED"] as const)
			expect(() => isGivenUp({ id: 1, status })).toThrow(
				expect.objectContaining({ code: 409, type: "RETURN_DECIDED" })
			);
	});

	it("never leaves the state in which it is over", () => {
		for (const { from } of Object.values(CHANGES)) expect(isOver({ status: from })).toBe(false);
	});
});
