import products, { type ProductsService } from "../../services/products/products.service.ts";
import { eventually } from "../support/eventually.ts";
import { as, node, type TestNode } from "../support/node.ts";

let shop: TestNode;
const staff = (headers?: Record<string, string>) => as(shop, { userId: 3, roles: ["staff"] }, headers);
const anyone = () => as(shop, "anonymous");
const relay = () => (shop.broker.getLocalService("products") as unknown as ProductsService).relay;

beforeEach(async () => {
	shop = await node([products]);
});
afterEach(() => shop.close());

describe("a category of products", () => {
	it("is made, renamed and removed, and each is announced", async () => {
		const made = await staff()("products.createCategory", { name: "Lamps" });
		expect(await anyone()("products.category", { id: made.id })).toEqual(made);
		const renamed = await staff({ "if-match": "1" })("products.renameCategory", { id: made.id, name: "Light" });
		expect(renamed).toMatchObject({ id: made.id, name: "Light", version: 2 });
		expect(await staff({ "if-match": "2" })("products.removeCategory", { id: made.id })).toBeNull();
		expect((await anyone()("products.categories", {})).items).toEqual([]);
		await eventually(async () => expect(await relay().backlog()).toBe(0));
		expect(shop.heard.map(({ type, sequence, data }) => [type, sequence, data])).toEqual([
			["product.category_created", 1, { category: made }],
			["product.category_renamed", 2, { category: renamed, previousName: "Lamps" }],
			["product.category_removed", 3, { category: renamed }]
		]);
	});

	it("has a name that no other has, however it is written", async () => {
		const { id } = await staff()("products.createCategory", { name: "Öl & Lampen" });
		const other = await staff()("products.createCategory", { name: "Rugs" });
		const exists = { type: "PRODUCT_CATEGORY_EXISTS", code: 409 };
		await expect(staff()("products.createCategory", { name: "ol LAMPEN" })).rejects.toMatchObject(exists);
		const taken = staff()("products.renameCategory", { id: other.id, name: "Öl-Lampen" });
		await expect(taken).rejects.toMatchObject(exists);
		expect(await staff()("products.renameCategory", { id, name: "Öl, Lampen" })).toMatchObject({ version: 2 });
	});

	it("has one winner when many add it at once", async () => {
		const tries = await Promise.allSettled(
			Array.from({ length: 10 }, () => staff()("products.createCategory", { name: "Lamps" }))
		);
		expect(tries.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
		for (const each of tries)
			if (each.status === "rejected") expect(each.reason).toMatchObject({ type: "PRODUCT_CATEGORY_EXISTS" });
	});

	it("is told page by page", async () => {
		for (const name of ["a", "b", "c"]) await staff()("products.createCategory", { name });
		const first = await anyone()("products.categories", { limit: 2 });
		expect(first.items.map(({ name }) => name)).toEqual(["a", "b"]);
		const rest = await anyone()("products.categories", { limit: 2, after: first.next });
		expect(rest).toMatchObject({ items: [{ name: "c" }] });
		expect(rest).not.toHaveProperty("next");
	});

	it("is refused where it is not there, or was changed since it was read", async () => {
		const nowhere = { type: "PRODUCT_CATEGORY_NOT_FOUND", code: 404 };
		await expect(anyone()("products.category", { id: 9 })).rejects.toMatchObject(nowhere);
		await expect(staff()("products.renameCategory", { id: 9, name: "a" })).rejects.toMatchObject(nowhere);
		await expect(staff()("products.removeCategory", { id: 9 })).rejects.toMatchObject(nowhere);
		const { id } = await staff()("products.createCategory", { name: "Lamps" });
		const stale = { type: "VERSION_CONFLICT" };
		const late = staff({ "if-match": "2" });
		await expect(late("products.renameCategory", { id, name: "a" })).rejects.toMatchObject(stale);
		await expect(late("products.removeCategory", { id })).rejects.toMatchObject(stale);
	});
});

describe("products in a category", () => {
	const lamp = { name: "Lamp", price: 1 };

	it("are listed by it, also when they are searched", async () => {
		const { id: categoryId } = await staff()("products.createCategory", { name: "Lamps" });
		const inside = await staff()("products.create", { ...lamp, categoryId });
		await staff()("products.create", lamp);
		expect(inside).toMatchObject({ categoryId });
		for (const params of [{}, { search: "lamp" }, { search: "lamp", sort: "price" as const }, { sort: "-id" as const }])
			expect((await anyone()("products.list", { ...params, categoryId })).items).toEqual([inside]);
		expect((await anyone()("products.list", { categoryId: 99 })).items).toEqual([]);
		const moved = await staff()("products.update", { id: inside.id, ...lamp });
		expect(moved.categoryId).toBeUndefined();
	});

	it("are refused where there is no such category", async () => {
		const { id } = await staff()("products.create", lamp);
		const nowhere = { type: "PRODUCT_CATEGORY_NOT_FOUND", data: { id: 9 } };
		await expect(staff()("products.create", { ...lamp, categoryId: 9 })).rejects.toMatchObject(nowhere);
		await expect(staff()("products.update", { id, ...lamp, categoryId: 9 })).rejects.toMatchObject(nowhere);
	});

	it("keep it from being removed until the last is elsewhere", async () => {
		const { id: categoryId } = await staff()("products.createCategory", { name: "Lamps" });
		const one = await staff()("products.create", { ...lamp, categoryId });
		const other = await staff()("products.create", { ...lamp, categoryId });
		await staff()("products.update", { id: one.id, ...lamp });
		const removing = () => staff()("products.removeCategory", { id: categoryId });
		await expect(removing()).rejects.toMatchObject({ type: "PRODUCT_CATEGORY_IN_USE", code: 409 });
		await staff()("products.remove", { id: other.id });
		expect(await removing()).toBeNull();
	});

	it("never come into one that is removed at that moment", async () => {
		for (let round = 0; round < 10; round++) {
			const { id: categoryId } = await staff()("products.createCategory", { name: `Lamps ${round}` });
			const [made, removed] = await Promise.allSettled([
				staff()("products.create", { ...lamp, categoryId }),
				staff()("products.removeCategory", { id: categoryId })
			]);
			expect([made.status, removed.status].sort()).toEqual(["fulfilled", "rejected"]);
		}
	});
});
