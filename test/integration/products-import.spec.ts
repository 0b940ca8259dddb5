import inventory from "../../services/inventory/inventory.service.ts";
import products from "../../services/products/products.service.ts";
import type { OutboxService } from "../../mixins/outbox.mixin.ts";
import { eventually } from "../support/eventually.ts";
import { as, event, node, type TestNode } from "../support/node.ts";

let shop: TestNode;
const staff = (userId = 3) => as(shop, { userId, roles: ["staff"] });
const anyone = () => as(shop, "anonymous");
const service = (name: string) => shop.broker.getLocalService(name) as unknown as OutboxService;
const quiet = () =>
	eventually(async () => {
		for (const name of ["products", "inventory"]) expect(await service(name).relay.backlog()).toBe(0);
	});

const source = "5".repeat(64);
const line = (n: number) => ({ name: `Ware ${n}`, price: n, onHand: n * 10 });
const lines = [line(1), line(2), line(3)];
const catalogue = async () => (await anyone()("products.list", { limit: 100 })).items;

afterEach(() => shop.close());

describe("an import", () => {
	beforeEach(async () => {
		shop = await node([products, inventory]);
	});

	it("brings each product with its stock, and tells of both", async () => {
		const images = ["https://souk.test/1.png"];
		const { id: categoryId } = await staff()("products.createCategory", { name: "Lamps" });
		const result = await staff()("products.import", {
			source,
			batch: 1,
			lines: [{ ...line(1), description: "Of brass", category: "LAMPS", images }, line(0), line(7)]
		});
		expect(result).toEqual({ id: 1, accepted: 3, refused: [] });
		await quiet();
		const wares = await catalogue();
		expect(wares).toMatchObject([
			{ id: 101, name: "Ware 1", description: "Of brass", price: 1, categoryId, images, version: 1 },
			{ id: 102, name: "Ware 0" },
			{ id: 103, name: "Ware 7" }
		]);
		for (const [productId, available] of [
			[101, 10],
			[102, 0],
			[103, 70]
		] as const)
			expect(await anyone()("inventory.get", { productId })).toEqual({ productId, available });
		expect(shop.of("product.created").map(({ data }) => data.product)).toEqual(wares);
		expect(shop.of("inventory.stock_changed").map(({ data }) => [data.productId, data.delta])).toEqual([
			[101, 10],
			[102, 0],
			[103, 70]
		]);
		expect((await staff()("products.prices", { id: 101 })).items).toMatchObject([{ price: 1, userId: 3 }]);
		expect((await anyone()("products.list", { search: "brass" })).items).toHaveLength(1);
		expect((await staff()("products.imports", {})).items).toMatchObject([
			{ id: 1, source, batch: 1, status: "LISTED", accepted: 3, refused: 0, listedAt: expect.any(String) as string }
		]);
	});

	it("refuses the lines that are no products, with all that is wrong, and takes the others", async () => {
		const bad = [{ ...line(1), price: "1.50", onHand: -1 }, line(2), { ...line(3), category: "Rugs" }];
		const result = await staff()("products.import", { source, batch: 1, lines: bad });
		expect(result).toMatchObject({
			accepted: 1,
			refused: [
				{ at: 0, errors: [{ pointer: "/price" }, { pointer: "/onHand" }] },
				{ at: 2, errors: [{ pointer: "/category", detail: "there is no category Rugs" }] }
			]
		});
		await quiet();
		expect(await catalogue()).toMatchObject([{ name: "Ware 2" }]);
	});

	it("that has no good line is at its end at once", async () => {
		expect(await staff()("products.import", { source, batch: 1, lines: [{}] })).toMatchObject({ accepted: 0 });
		expect((await staff()("products.imports", { status: "LISTED" })).items).toHaveLength(1);
		expect((await staff()("products.imports", { status: "PENDING" })).items).toEqual([]);
	});

	it("takes a batch once, whoever sends it and however often, and answers the same", async () => {
		const sent = await Promise.all(
			Array.from({ length: 6 }, (_, n) => staff(n + 1)("products.import", { source, batch: 1, lines: [...lines, {}] }))
		);
		for (const again of sent) expect(again).toEqual(sent[0]);
		await quiet();
		await staff()("products.import", { source, batch: 1, lines: [...lines, {}] });
		await staff()("products.import", { source, batch: 2, lines });
		await staff()("products.import", { source: "6".repeat(64), batch: 1, lines });
		await quiet();
		expect(await catalogue()).toHaveLength(9);
		const differs = staff()("products.import", { source, batch: 1, lines });
		await expect(differs).rejects.toMatchObject({ type: "IMPORT_DIFFERS", code: 409 });
	});

	it("counts and shows once, however often its events come", async () => {
		await staff()("products.import", { source, batch: 1, lines });
		await quiet();
		for (const type of ["product.imported", "inventory.stocked"] as const) await shop.publish(shop.of(type)[0]!);
		await quiet();
		expect(shop.of("product.created")).toHaveLength(3);
		expect((await staff()("inventory.movements", { productId: 101 })).items).toHaveLength(1);
	});

	it("counts after whoever counted by hand meanwhile, and knows of no other imports", async () => {
		await staff()("inventory.set", { productId: 102, onHand: 5 });
		await staff()("products.import", { source, batch: 1, lines });
		await quiet();
		expect(await anyone()("inventory.get", { productId: 102 })).toEqual({ productId: 102, available: 20 });
		expect((await staff()("inventory.movements", { productId: 102 })).items.map(({ delta }) => delta)).toEqual([15, 5]);
		await shop.publish(event("inventory.stocked", "product-import/99", { importId: 99 }, "stocked-99"));
		expect(await catalogue()).toHaveLength(3);
	});

	it("refuses what is no batch", async () => {
		const wrong = [
			{ source: "x", batch: 1, lines },
			{ source, batch: 0, lines },
			{ source, batch: 1, lines: [] },
			{ source, batch: 1, lines: Array(501).fill(line(1)) as typeof lines },
			{ source, batch: 1, lines: ["Ware" as never] }
		];
		for (const params of wrong)
			await expect(staff()("products.import", params)).rejects.toMatchObject({ type: "VALIDATION_FAILED" });
	});
});

describe("an import while inventory is away", () => {
	beforeEach(async () => {
		shop = await node([products]);
	});

	it("shows nobody anything of it, until the stock stands", async () => {
		await staff()("products.import", { source, batch: 1, lines });
		expect(await catalogue()).toEqual([]);
		expect((await anyone()("products.list", { search: "ware" })).items).toEqual([]);
		expect((await shop.call("products.resolve", { ids: [101, 102, 103] })).items).toEqual([]);
		const nowhere = { type: "PRODUCT_NOT_FOUND" };
		await expect(anyone()("products.get", { id: 101 })).rejects.toMatchObject(nowhere);
		await expect(staff()("products.update", { id: 101, name: "a", price: 1 })).rejects.toMatchObject(nowhere);
		await expect(staff()("products.remove", { id: 101 })).rejects.toMatchObject(nowhere);
		expect((await staff()("products.imports", { status: "PENDING" })).items).toMatchObject([{ accepted: 3 }]);
		expect(shop.of("product.created")).toEqual([]);
		await shop.publish(event("inventory.stocked", "product-import/1", { importId: 1 }, "stocked-1"));
		expect(await catalogue()).toHaveLength(3);
		expect((await staff()("products.imports", { status: "PENDING" })).items).toEqual([]);
	});
});
