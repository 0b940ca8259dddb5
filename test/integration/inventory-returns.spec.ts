import inventoryService from "../../services/inventory/inventory.service.ts";
import { eventually } from "../support/eventually.ts";
import { books, inventoryOf, staffOf, stockUp } from "../support/inventory.ts";
import { node, type TestNode } from "../support/node.ts";

let shop: TestNode;
beforeEach(async () => {
	shop = await node([inventoryService]);
	await stockUp(shop, { 101: 10, 102: 5 });
	await shop.call("inventory.reserve", { orderId: 1, items: [of(3), of(2, 102)] });
	await shop.call("inventory.commit", { orderId: 1 });
});
afterEach(() => shop.close());

const of = (quantity: number, productId = 101) => ({ productId, quantity });
const takeBack = (returnId: number, ...items: { productId: number; quantity: number }[]) =>
	shop.call("inventory.takeBack", { returnId, orderId: 1, items });
const onHand = async () => Object.values((await books(shop)).shelf).map(({ onHand }) => onHand);

describe("goods that come back", () => {
	it("are on the shelf again, line by line, with a movement that names their return", async () => {
		expect(await takeBack(7, of(1), of(2, 102), of(1))).toEqual({ returnId: 7, orderId: 1 });
		expect(await onHand()).toEqual([9, 5]);
		const { items } = await staffOf(shop)("inventory.movements", { productId: 101 });
		expect(items[0]).toMatchObject({ delta: 2, kind: "RETURNED", orderId: 1, returnId: 7 });
		expect(items[1]).toMatchObject({ delta: -3, kind: "SOLD", orderId: 1 });
		expect(items[1]).not.toHaveProperty("returnId", expect.anything());
		await eventually(async () => expect(await inventoryOf(shop).relay.backlog()).toBe(0));
		expect(shop.of("inventory.taken_back").map(({ data }) => data)).toEqual([
			{ returnId: 7, orderId: 1, items: [of(1), of(2, 102), of(1)] }
		]);
	});

	it("are put there once for each return, however often and at once", async () => {
		await Promise.all(Array.from({ length: 20 }, () => takeBack(7, of(1), of(1, 102))));
		await takeBack(7, of(1), of(1, 102));
		expect(await onHand()).toEqual([8, 4]);
		await takeBack(8, of(2));
		expect(await onHand()).toEqual([10, 4]);
		await eventually(async () => expect(await inventoryOf(shop).relay.backlog()).toBe(0));
		expect(shop.of("inventory.taken_back").map(({ data }) => data.returnId)).toEqual([7, 8]);
	});

	it("can be sold at once, to whoever wants them while they come back", async () => {
		await Promise.all([
			takeBack(7, of(3)),
			...Array.from({ length: 5 }, (_, n) => shop.call("inventory.reserve", { orderId: 10 + n, items: [of(1)] }))
		]);
		expect((await books(shop)).shelf[101]).toEqual({ onHand: 10, reserved: 5 });
	});

	it("are still there once after a restart", async () => {
		await takeBack(7, of(1));
		await shop.stop();
		shop = await node([inventoryService], { dataDir: shop.dataDir });
		await takeBack(7, of(1));
		expect(await onHand()).toEqual([8, 3]);
	});
});
