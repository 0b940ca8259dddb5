import fc from "fast-check";
import {
	difference,
	type Line,
	type Move,
	MOVES,
	needs,
	shortage,
	type Status,
	summed
} from "../../../services/inventory/stock.ts";

const line = fc.record({ productId: fc.integer({ min: 1, max: 6 }), quantity: fc.integer({ min: 1, max: 10_000 }) });
const lines = fc.array(line, { maxLength: 50 });
const total = (of: readonly Line[], productId: number) =>
	of.filter(one => one.productId === productId).reduce((sum, { quantity }) => sum + quantity, 0);

describe("the lines of an order", () => {
	it("are added up by product, none lost, each product once and in order", () => {
		fc.assert(
			fc.property(lines, given => {
				const sum = summed(given);
				const ids = sum.map(({ productId }) => productId);
				expect(ids).toEqual([...new Set(given.map(({ productId }) => productId))].sort((a, b) => a - b));
				for (const { productId, quantity } of sum) expect(quantity).toBe(total(given, productId));
			})
		);
	});

	it("come out the same in whatever order they were written, and when added up again", () => {
		fc.assert(
			fc.property(
				lines.chain(given =>
					fc.tuple(fc.constant(given), fc.shuffledSubarray(given, { minLength: given.length, maxLength: given.length }))
				),
				([given, shuffled]) => {
					expect(summed(shuffled)).toEqual(summed(given));
					expect(summed(summed(given))).toEqual(summed(given));
				}
			)
		);
	});

	it("can be had exactly when there is enough of every product", () => {
		fc.assert(
			fc.property(
				lines,
				fc.array(fc.integer({ min: 0, max: 60_000 }), { minLength: 4, maxLength: 4 }),
				(given, shelf) => {
					// Products 5 and 6 have no stock at all.
					const free = new Map(shelf.map((units, index) => [index + 1, units]));
					const wanted = summed(given);
					const short = shortage(wanted, free);
					if (short) expect(short.quantity).toBeGreaterThan(free.get(short.productId) ?? 0);
					else
						for (const { productId, quantity } of wanted) expect(free.get(productId)).toBeGreaterThanOrEqual(quantity);
				}
			)
		);
	});
});

const requests = ["reserve", "commit", "release", "expire"] as const;
const statuses: Status[] = ["NONE", "HELD", "COMMITTED", "RELEASED", "EXPIRED"];
const isMove = (move: Move | string): move is Move => typeof move === "object";

describe("a reservation", () => {
	it("that was released never holds or takes anything again", () => {
		for (const request of requests) expect(isMove(MOVES[request].RELEASED)).toBe(false);
	});

	it("answers the same when a request is repeated", () => {
		for (const request of requests)
			for (const status of statuses) {
				const move = MOVES[request][status];
				if (isMove(move)) expect(MOVES[request][move.to]).toBe("same");
			}
	});

	it("can be released from wherever it is", () => {
		for (const status of statuses) expect(MOVES.release[status]).not.toBe("refused");
	});

	it("needs free units only where it takes what nobody holds", () => {
		expect(
			requests
				.flatMap(request => statuses.map(status => [request, status, MOVES[request][status]] as const))
				.filter(([, , move]) => isMove(move) && needs(move) > 0)
				.map(([request, status]) => `${request} ${status}`)
		).toEqual(["reserve NONE", "reserve EXPIRED", "commit EXPIRED"]);
	});

	it("keeps the shelf in balance through any run of requests", () => {
		const request = fc.record({
			verb: fc.constantFrom(...requests),
			order: fc.integer({ min: 1, max: 5 }),
			quantity: fc.integer({ min: 1, max: 7 })
		});
		fc.assert(
			fc.property(fc.integer({ min: 0, max: 20 }), fc.array(request, { maxLength: 60 }), (counted, run) => {
				const shelf = { onHand: counted, reserved: 0 };
				const orders = new Map<number, { status: Status; quantity: number }>();
				for (const { verb, order, quantity } of run) {
					const found = orders.get(order) ?? { status: "NONE", quantity };
					const move = MOVES[verb][found.status];
					if (!isMove(move) || shelf.onHand - shelf.reserved < needs(move) * found.quantity) continue;
					shelf.onHand += move.onHand * found.quantity;
					shelf.reserved += move.reserved * found.quantity;
					orders.set(order, { status: move.to, quantity: found.quantity });

					const sumOf = (status: Status) =>
						[...orders.values()].filter(one => one.status === status).reduce((sum, one) => sum + one.quantity, 0);
					expect(shelf.reserved).toBe(sumOf("HELD"));
					expect(shelf.onHand + sumOf("COMMITTED")).toBe(counted);
					expect(shelf.reserved).toBeLessThanOrEqual(shelf.onHand);
					// A change of what is on hand has a name, and only that.
					expect(move.kind !== undefined).toBe(move.onHand !== 0);
				}
			})
		);
	});
});

describe("counting", () => {
	it("moves what is on hand by the difference", () => {
		expect(difference(101, { onHand: 7, reserved: 3 }, 3)).toBe(-4);
		expect(difference(101, { onHand: 7, reserved: 3 }, 10)).toBe(3);
	});

	it("is refused below what is reserved, and above what any shelf holds", () => {
		expect(() => difference(101, { onHand: 7, reserved: 3 }, 2)).toThrow(
			expect.objectContaining({ type: "STOCK_RESERVED", data: { productId: 101, reserved: 3 } })
		);
		expect(() => difference(101, { onHand: 7, reserved: 3 }, 1_000_000_001)).toThrow(
			expect.objectContaining({ type: "VALIDATION_FAILED" })
		);
	});
});
