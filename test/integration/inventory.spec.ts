import inventory from "../../services/inventory/inventory.service.ts";
import { inventory as contract } from "../../services/inventory/inventory.contract.ts";
import { eventually } from "../support/eventually.ts";
import { books, inventoryOf, staffOf } from "../support/inventory.ts";
import { as, node, type TestNode } from "../support/node.ts";
import { uuid7 } from "../../broker/ids.ts";

describe("the shelves", () => {
	let shop: TestNode;
	const get = (productId: number) => as(shop, "anonymous")("inventory.get", { productId });
	const set = (productId: number, onHand: number) => staffOf(shop)("inventory.set", { productId, onHand });
	const adjust = (productId: number, delta: number, reason = "Delivery", key: string = uuid7()) =>
		staffOf(shop, { "idempotency-key": key })("inventory.adjust", { productId, delta, reason });
	const reserve = (orderId: number, productId: number, quantity: number) =>
		shop.call("inventory.reserve", { orderId, items: [{ productId, quantity }] });

	beforeEach(async () => {
		shop = await node([inventory]);
	});
	afterEach(() => shop.close());

	it("show anyone what can be ordered, and no more", async () => {
		await set(101, 10);
		await reserve(1, 101, 4);
		expect(await get(101)).toEqual({ productId: 101, available: 6 });
	});

	it("know nothing of a product that was never counted", async () => {
		await expect(get(101)).rejects.toMatchObject({ type: "STOCK_NOT_FOUND", code: 404, data: { productId: 101 } });
		await expect(adjust(101, 1)).rejects.toMatchObject({ type: "STOCK_NOT_FOUND", code: 404 });
	});

	it("begin with a first count, of nothing too", async () => {
		expect(await set(101, 10)).toEqual({
			productId: 101,
			onHand: 10,
			reserved: 0,
			available: 10,
			updatedAt: expect.any(String)
		});
		await set(102, 0);
		expect(await get(102)).toEqual({ productId: 102, available: 0 });
		expect((await books(shop)).shelf).toEqual({
			101: { onHand: 10, reserved: 0 },
			102: { onHand: 0, reserved: 0 }
		});
	});

	it("leave a movement and an event for every change, with its reason", async () => {
		await set(101, 10);
		await set(101, 7);
		expect(await adjust(101, 5, "Delivery")).toMatchObject({ onHand: 12, available: 12 });
		await adjust(101, -2, "Broken");
		const seen = { productId: 101, at: expect.any(String), id: expect.any(Number) };
		expect((await staffOf(shop)("inventory.movements", { productId: 101 })).items).toEqual([
			{ ...seen, delta: -2, kind: "ADJUSTED", reason: "Broken" },
			{ ...seen, delta: 5, kind: "ADJUSTED", reason: "Delivery" },
			{ ...seen, delta: -3, kind: "COUNTED" },
			{ ...seen, delta: 10, kind: "COUNTED" }
		]);
		await eventually(() => expect(shop.of("inventory.stock_changed")).toHaveLength(4));
		expect(shop.of("inventory.stock_changed").map(({ subject, data }) => ({ subject, ...data }))).toEqual([
			{ subject: "stock/101", productId: 101, onHand: 10, delta: 10 },
			{ subject: "stock/101", productId: 101, onHand: 7, delta: -3 },
			{ subject: "stock/101", productId: 101, onHand: 12, delta: 5, reason: "Delivery" },
			{ subject: "stock/101", productId: 101, onHand: 10, delta: -2, reason: "Broken" }
		]);
	});

	it("say nothing when a count finds what was known", async () => {
		const counted = await set(101, 10);
		expect(await set(101, 10)).toEqual(counted);
		expect(await adjust(101, 0)).toEqual(counted);
		expect((await books(shop)).movements).toHaveLength(1);
	});

	it("never go below what is reserved, nor below nothing", async () => {
		await set(101, 10);
		await reserve(1, 101, 4);
		for (const change of [set(101, 3), adjust(101, -7)])
			await expect(change).rejects.toMatchObject({
				type: "STOCK_RESERVED",
				code: 409,
				data: { productId: 101, reserved: 4 }
			});
		expect(await set(101, 4)).toMatchObject({ onHand: 4, reserved: 4, available: 0 });
		await set(102, 1);
		await expect(adjust(102, -2)).rejects.toMatchObject({ type: "STOCK_RESERVED", data: { reserved: 0 } });
		await books(shop);
	});

	it("never hold more than can be written down", async () => {
		await set(101, 1_000_000_000);
		await expect(adjust(101, 1)).rejects.toMatchObject({
			type: "VALIDATION_FAILED",
			data: { errors: [{ pointer: "/delta" }] }
		});
		await expect(set(101, 1_000_000_001)).rejects.toMatchObject({ type: "VALIDATION_FAILED" });
		expect((await books(shop)).shelf[101]).toEqual({ onHand: 1_000_000_000, reserved: 0 });
	});

	it("are adjusted once for each key, and not without one", async () => {
		await set(101, 10);
		const answers = await Promise.all(Array.from({ length: 20 }, () => adjust(101, 5, "Delivery", "delivery-7")));
		for (const answer of answers) expect(answer).toMatchObject({ onHand: 15 });
		expect((await books(shop)).shelf[101]).toEqual({ onHand: 15, reserved: 0 });
		const bare = staffOf(shop)("inventory.adjust", { productId: 101, delta: 1, reason: "Delivery" });
		await expect(bare).rejects.toMatchObject({ type: "IDEMPOTENCY_KEY_MISSING" });
	});

	it("add up however many hands adjust them at once", async () => {
		await set(101, 1_000);
		await Promise.all(Array.from({ length: 100 }, (_, index) => adjust(101, index % 2 === 0 ? 3 : -1)));
		expect((await books(shop)).shelf[101]).toEqual({ onHand: 1_100, reserved: 0 });
	});

	it("show their movements in pages, the newest first, each product its own", async () => {
		await set(102, 1);
		await set(101, 10);
		for (let delta = 1; delta <= 6; delta++) await adjust(101, delta);
		const first = await staffOf(shop)("inventory.movements", { productId: 101, limit: 4 });
		const rest = await staffOf(shop)("inventory.movements", { productId: 101, limit: 4, after: first.next });
		expect([...first.items, ...rest.items].map(({ delta }) => delta)).toEqual([6, 5, 4, 3, 2, 1, 10]);
		expect(rest).not.toHaveProperty("next");
		expect(await staffOf(shop)("inventory.movements", { productId: 999 })).toEqual({ items: [] });
	});

	it.each([
		["set", { productId: 101, onHand: 1 }],
		["adjust", { productId: 101, delta: 1, reason: "Delivery" }],
		["movements", { productId: 101 }]
	] as const)("let only staff %s", async (verb, params) => {
		const call = (who: Parameters<typeof as>[1]) =>
			as(shop, who, { "idempotency-key": "whoever-1" })(`inventory.${verb}`, params as never);
		await expect(call("anonymous")).rejects.toMatchObject({ type: "NO_TOKEN", code: 401 });
		await expect(call({ userId: 1 })).rejects.toMatchObject({ type: "FORBIDDEN", code: 403 });
	});

	it.each([
		["set", { productId: 101, onHand: -1 }, "/onHand"],
		["set", { productId: 101, onHand: 1.5 }, "/onHand"],
		["set", { productId: 0, onHand: 1 }, "/productId"],
		["adjust", { productId: 101, delta: 1, reason: " " }, "/reason"],
		["adjust", { productId: 101, delta: 1_000_001, reason: "Delivery" }, "/delta"]
	] as const)("refuse to %s %j", async (verb, params, pointer) => {
		const call = staffOf(shop, { "idempotency-key": "whoever-1" });
		await expect(call(`inventory.${verb}`, params as never)).rejects.toMatchObject({
			type: "VALIDATION_FAILED",
			data: { errors: [{ pointer }] }
		});
	});

	it.each([
		[[], "/items"],
		[[{ productId: 101, quantity: 0 }], "/items/0/quantity"],
		[Array(51).fill({ productId: 101, quantity: 1 }), "/items"]
	])("refuse to reserve %j", async (items, pointer) => {
		await expect(shop.call("inventory.reserve", { orderId: 1, items })).rejects.toMatchObject({
			type: "VALIDATION_FAILED",
			data: { errors: [{ pointer }] }
		});
	});

	it("are reserved, sold from and given back to by services only", async () => {
		for (const verb of ["reserve", "commit", "release"] as const) {
			expect(contract.actions[verb]).not.toHaveProperty("rest");
			await expect(staffOf(shop)(`inventory.${verb}`, { orderId: 1 } as never)).rejects.toMatchObject({
				type: "FORBIDDEN"
			});
		}
	});

	it("refuse in the store itself to promise more than there is", async () => {
		await set(101, 1);
		const origin = { unit: "spec", correlationId: "spec" };
		for (const reserved of [2, -1]) {
			const write = inventoryOf(shop).store.transact({ origin }, unit =>
				unit.run("UPDATE stock SET reserved = ? WHERE product_id = 101", [reserved])
			);
			await expect(write).rejects.toThrow(/check constraint/i);
		}
	});
});

describe("the demo stock", () => {
	it("is there for the whole demo catalogue, is counted once, and adds up", async () => {
		let shop = await node([inventory], { env: { SEED_DEMO: "on" } });
		await shop.stop();
		shop = await node([inventory], { dataDir: shop.dataDir, env: { SEED_DEMO: "on" } });
		const { shelf, movements } = await books(shop);
		expect(Object.keys(shelf).map(Number)).toEqual(Array.from({ length: 24 }, (_, index) => 101 + index));
		expect(movements).toHaveLength(24);
		expect([shelf[101], shelf[102]]).toEqual(Array(2).fill({ onHand: 1_000_000, reserved: 0 }));
		expect(Object.values(shelf).every(({ onHand }) => onHand >= 10_000)).toBe(true);
		await shop.close();
	});
});
