import type { Product, Sort } from "../../services/products/products.contract.ts";
import products, { type ProductsService } from "../../services/products/products.service.ts";
import { eventually } from "../support/eventually.ts";
import { as, node, type TestNode } from "../support/node.ts";

const local = (shop: TestNode) => shop.broker.getLocalService("products") as unknown as ProductsService;
/** Waits until all that was announced has been heard. */
const delivered = (shop: TestNode) => eventually(async () => expect(await local(shop).relay.backlog()).toBe(0));

const details = { name: "Brass lantern", description: "Throws stars on the wall", price: 4250 };

describe("the catalogue", () => {
	let shop: TestNode;
	const staff = (headers?: Record<string, string>) => as(shop, { userId: 3, roles: ["staff"] }, headers);
	const anyone = () => as(shop, "anonymous");

	beforeEach(async () => {
		shop = await node([products]);
	});
	afterEach(() => shop.close());

	describe("adding a product", () => {
		it("gives ids from 101 on, and announces each product", async () => {
			const first = await staff()("products.create", details);
			const second = await staff()("products.create", { ...details, name: "Lamp" });
			expect(first).toEqual({
				id: 101,
				...details,
				currency: "EUR",
				images: [],
				createdAt: first.createdAt,
				updatedAt: first.createdAt,
				version: 1
			});
			expect(second.id).toBe(102);
			await delivered(shop);
			expect(shop.of("product.created")).toMatchObject([
				{ subject: "product/101", sequence: 1, data: { product: first } },
				{ subject: "product/102", sequence: 1, data: { product: second } }
			]);
		});

		it("answers a repeated key with the first product, and adds no other", async () => {
			const keyed = staff({ "idempotency-key": "lantern-1" });
			const [first, ...repeats] = await Promise.all(
				Array.from({ length: 20 }, () => keyed("products.create", details))
			);
			for (const repeat of repeats) expect(repeat).toEqual(first);
			expect((await anyone()("products.list", {})).items).toHaveLength(1);
			await expect(keyed("products.create", { ...details, price: 1 })).rejects.toMatchObject({
				type: "IDEMPOTENCY_KEY_REUSED"
			});
		});

		it.each<[string, object, string]>([
			["no name", { price: 1 }, "/name"],
			["a blank name", { name: "  ", price: 1 }, "/name"],
			["a control character", { ...details, description: "a\u0000b" }, "/description"],
			["a negative price", { ...details, price: -1 }, "/price"],
			["part of a cent", { ...details, price: 1.5 }, "/price"],
			["another currency than the catalogue's", { ...details, currency: "USD" }, "/currency"],
			["an image that is fetched in the clear", { ...details, images: ["http://souk.test/a.png"] }, "/images/0"],
			["an image that is no address", { ...details, images: ["https://souk.test/a.png", "a.png"] }, "/images/1"],
			["too many images", { ...details, images: Array(11).fill("https://souk.test/a.png") }, "/images"],
			["what is not asked for", { ...details, colour: "red" }, "/colour"]
		])("refuses %s", async (_, params, pointer) => {
			await expect(staff()("products.create", params as never)).rejects.toMatchObject({
				type: "VALIDATION_FAILED",
				data: { errors: [{ pointer }] }
			});
			expect((await anyone()("products.list", {})).items).toEqual([]);
		});
	});

	describe("changing a product", () => {
		it("replaces what is said of it and tells the price it had", async () => {
			const { id, createdAt } = await staff()("products.create", details);
			const changed = await staff()("products.update", { id, name: "Lantern", price: 3990 });
			expect(changed).toMatchObject({ id, name: "Lantern", description: "", price: 3990, createdAt, version: 2 });
			expect(await anyone()("products.get", { id })).toEqual(changed);
			await staff()("products.update", { id, name: "Lantern, large", price: 3990 });
			await delivered(shop);
			expect(
				shop.of("product.updated").map(({ sequence, data }) => [sequence, data.changed, data.previousPrice])
			).toEqual([
				[2, ["name", "description", "price"], 4250],
				[3, ["name"], undefined]
			]);
			expect(shop.of("product.updated")[0]!.data.product).toEqual(changed);
		});

		it("is refused when the version that was read is not the current one", async () => {
			const { id } = await staff()("products.create", details);
			await staff({ "if-match": "1" })("products.update", { id, ...details, price: 1 });
			for (const late of [
				staff({ "if-match": "1" })("products.update", { id, ...details, price: 2 }),
				staff({ "if-match": "1" })("products.remove", { id })
			])
				await expect(late).rejects.toMatchObject({
					type: "VERSION_CONFLICT",
					code: 412,
					data: { expected: 1, current: 2 }
				});
			expect(await anyone()("products.get", { id })).toMatchObject({ price: 1, version: 2 });
		});

		it("has one winner among those who read the same version", async () => {
			const { id } = await staff()("products.create", details);
			const tries = await Promise.allSettled(
				Array.from({ length: 20 }, (_, price) =>
					staff({ "if-match": "1" })("products.update", { id, ...details, price })
				)
			);
			expect(tries.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
			expect(await anyone()("products.get", { id })).toMatchObject({ version: 2 });
		});

		it("can be found by its new name only", async () => {
			const { id } = await staff()("products.create", details);
			await staff()("products.update", { id, name: "Lamp", price: 1 });
			expect((await anyone()("products.list", { search: "lantern" })).items).toEqual([]);
			expect((await anyone()("products.list", { search: "lamp" })).items).toHaveLength(1);
		});
	});

	it("is paged through to its end when the last product of a page is removed meanwhile", async () => {
		for (const name of ["Lamp one", "Lamp two", "Lamp three"]) await staff()("products.create", { name, price: 1 });
		const { items, next } = await anyone()("products.list", { search: "lamp", limit: 2 });
		await staff()("products.remove", { id: next! });
		const rest = await anyone()("products.list", { search: "lamp", limit: 2, after: next! });
		expect([...items, ...rest.items].map(({ id }) => id).sort()).toEqual([101, 102, 103]);
	});

	describe("the prices of a product", () => {
		it("are kept from the first to the last, with who gave them", async () => {
			const { id } = await staff()("products.create", details);
			await staff()("products.update", { id, ...details, name: "Lantern" });
			await as(shop, { userId: 4, roles: ["staff"] })("products.update", { id, ...details, price: 3990 });
			const { items } = await staff()("products.prices", { id });
			expect(items.map(({ price, userId }) => [price, userId])).toEqual([
				[3990, 4],
				[4250, 3]
			]);
			const page = await staff()("products.prices", { id, limit: 1 });
			expect(page).toEqual({ items: items.slice(0, 1), next: items[0]!.id });
			expect(await staff()("products.prices", { id, limit: 1, after: page.next })).toEqual({ items: items.slice(1) });
		});

		it("outlive the product, and are not told of one that never was", async () => {
			const { id } = await staff()("products.create", details);
			await staff()("products.remove", { id });
			expect((await staff()("products.prices", { id })).items).toHaveLength(1);
			await expect(staff()("products.prices", { id: 999 })).rejects.toMatchObject({ type: "PRODUCT_NOT_FOUND" });
		});
	});

	describe("removing a product", () => {
		it("takes it out of sight and keeps its row", async () => {
			const product = await staff()("products.create", details);
			const { id } = product;
			expect(await staff({ "if-match": "1" })("products.remove", { id })).toBeNull();
			await expect(anyone()("products.get", { id })).rejects.toMatchObject({ type: "PRODUCT_NOT_FOUND", code: 404 });
			expect((await anyone()("products.list", {})).items).toEqual([]);
			expect((await shop.call("products.resolve", { ids: [id] })).items).toEqual([]);
			expect(await local(shop).store.get("SELECT name, removed_at FROM products WHERE id = ?", [id])).toEqual({
				name: details.name,
				removed_at: expect.any(String)
			});
			await delivered(shop);
			expect(shop.of("product.deleted")).toMatchObject([{ subject: `product/${id}`, sequence: 2, data: { product } }]);
		});

		it("happens once, and its id is never given again", async () => {
			const { id } = await staff()("products.create", details);
			await staff()("products.remove", { id });
			await expect(staff()("products.remove", { id })).rejects.toMatchObject({ type: "PRODUCT_NOT_FOUND" });
			await expect(staff()("products.update", { id, ...details })).rejects.toMatchObject({ type: "PRODUCT_NOT_FOUND" });
			expect((await staff()("products.create", details)).id).toBe(id + 1);
		});
	});

	describe("who may", () => {
		it.each([
			["create", details],
			["update", { id: 101, ...details }],
			["remove", { id: 101 }],
			["prices", { id: 101 }],
			["import", { source: "0".repeat(64), batch: 1, lines: [{}] }],
			["imports", {}],
			["createCategory", { name: "Lamps" }],
			["renameCategory", { id: 1, name: "Lamps" }],
			["removeCategory", { id: 1 }]
		] as const)("%s is for staff", async (verb, params) => {
			const call = (who: Parameters<typeof as>[1]) => as(shop, who)(`products.${verb}`, params as never);
			await expect(call("anonymous")).rejects.toMatchObject({ type: "NO_TOKEN", code: 401 });
			await expect(call({ userId: 1 })).rejects.toMatchObject({ type: "FORBIDDEN", code: 403 });
		});

		it("resolve is for services", async () => {
			const call = staff()("products.resolve", { ids: [101] });
			await expect(call).rejects.toMatchObject({ type: "FORBIDDEN" });
		});
	});

	it("is still there after a restart", async () => {
		const product = await staff()("products.create", details);
		await shop.stop();
		shop = await node([products], { dataDir: shop.dataDir });
		expect(await anyone()("products.get", { id: product.id })).toEqual(product);
		expect((await staff()("products.create", details)).id).toBe(product.id + 1);
	});
});

describe("looking through the catalogue", () => {
	let shop: TestNode;
	let all: (Omit<Product, "images"> & { images?: string[] })[];
	const list = (params: object) => as(shop, "anonymous")("products.list", params);

	beforeAll(async () => {
		shop = await node([products]);
		const staff = as(shop, { userId: 3, roles: ["staff"] });
		const wares: [name: string, price: number, description?: string][] = [
			["Rug", 900],
			["100% wool", 300],
			["100 wool", 300, "not all of it"],
			["snake_case", 300],
			["snakeXcase", 100],
			["back\\slash", 700],
			["Öllampe", 300, "Messing"],
			["Rug", 100, "a second one, with ÖL"],
			["gone", 1]
		];
		for (const [name, price, description] of wares) await staff("products.create", { name, price, description });
		await staff("products.remove", { id: 109 });
		all = (await list({ limit: 100 })).items;
	});
	afterAll(() => shop.close());

	it("shows everything that is sold, oldest first", () => {
		expect(all.map(({ id }) => id)).toEqual([101, 102, 103, 104, 105, 106, 107, 108]);
	});

	const compare = <T extends string | number>(one: T, other: T) => (one < other ? -1 : one > other ? 1 : 0);
	type Compare = (one: (typeof all)[number], other: (typeof all)[number]) => number;
	const orders: [Sort, Compare][] = [
		["id", (one, other) => one.id - other.id],
		["-id", (one, other) => other.id - one.id],
		["name", (one, other) => compare(one.name, other.name) || one.id - other.id],
		["-name", (one, other) => compare(other.name, one.name) || other.id - one.id],
		["price", (one, other) => one.price - other.price || one.id - other.id],
		["-price", (one, other) => other.price - one.price || other.id - one.id]
	];

	it.each(orders)("walks by %s in pages, each product once, equals included", async (sort, by) => {
		const walked: typeof all = [];
		for (let after: number | undefined; ; ) {
			const page = await list({ sort, limit: 3, ...(after && { after }) });
			expect(page.items.length).toBeLessThanOrEqual(3);
			walked.push(...page.items);
			if (page.next === undefined) break;
			after = page.next;
		}
		expect(walked).toEqual([...all].sort(by));
	});

	it.each<[string, number[]]>([
		["rug", [101, 108]],
		["100%", [102, 103]],
		["snake", [104, 105]],
		["case sna", [104]],
		["slash", [106]],
		["öL", [107, 108]],
		["OL", [107, 108]],
		["all not", [103]],
		["%", []],
		["u", []],
		["gone", []],
		["carpet", []]
	])("finds %s where words begin with it, and nowhere else", async (search, ids) => {
		expect((await list({ search, sort: "id" })).items.map(({ id }) => id)).toEqual(ids);
	});

	it("pages through what a search finds", async () => {
		const first = await list({ search: "wool", sort: "-price", limit: 1 });
		expect(first).toMatchObject({ items: [{ id: 103 }], next: 103 });
		expect(await list({ search: "wool", sort: "-price", limit: 1, after: first.next })).toEqual({
			items: [all[1]]
		});
	});

	it("pages through what a search finds by relevance, each product once", async () => {
		const found = (await list({ search: "rug" })).items.map(({ id }) => id);
		const first = await list({ search: "rug", limit: 1 });
		expect(first.next).toBe(found[0]);
		expect((await list({ search: "rug", limit: 1, after: first.next })).items.map(({ id }) => id)).toEqual([found[1]]);
	});

	it("does not end a page with `next` when nothing follows", async () => {
		expect(await list({ limit: 8 })).not.toHaveProperty("next");
		expect(await list({ limit: 7 })).toHaveProperty("next", 107);
	});

	it.each([
		{ sort: "search" },
		{ sort: "price, id; --" },
		{ limit: 0 },
		{ limit: 101 },
		{ after: "x" },
		{ search: "" }
	])("refuses %j", async params => {
		await expect(list(params)).rejects.toMatchObject({ type: "VALIDATION_FAILED" });
	});

	it("resolves many ids in one query, and leaves out what is not sold", async () => {
		const asked = jest.spyOn(local(shop).store, "all");
		const { items } = await shop.call("products.resolve", { ids: [108, 101, 999, 109, 101] });
		expect(items).toEqual([all[0], all[7]]);
		expect(asked).toHaveBeenCalledTimes(1);
		asked.mockRestore();
	});

	it("resolves no more than 50 ids", async () => {
		const ids = Array.from({ length: 51 }, (_, index) => index + 1);
		await expect(shop.call("products.resolve", { ids })).rejects.toMatchObject({ type: "VALIDATION_FAILED" });
	});

	it("refuses what is no id", async () => {
		await expect(as(shop, "anonymous")("products.get", { id: "1e1000" })).rejects.toMatchObject({
			type: "VALIDATION_FAILED"
		});
	});
});

describe("the demo catalogue", () => {
	it("begins with Product A (101) and Product B (102), and is planted once", async () => {
		let shop = await node([products], { env: { SEED_DEMO: "on" } });
		await shop.stop();
		shop = await node([products], { dataDir: shop.dataDir, env: { SEED_DEMO: "on" } });
		const { items } = await as(shop, "anonymous")("products.list", { limit: 100 });
		expect(items).toHaveLength(24);
		expect(items.slice(0, 2)).toMatchObject([
			{ id: 101, name: "Product A", currency: "EUR", version: 1 },
			{ id: 102, name: "Product B", currency: "EUR", version: 1 }
		]);
		expect((await as(shop, { userId: 3, roles: ["staff"] })("products.create", details)).id).toBe(125);
		await shop.close();
	});
});
