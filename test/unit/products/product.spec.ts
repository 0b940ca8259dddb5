import { changed, searchable } from "../../../services/products/product.ts";
import { categorized, readLines } from "../../../services/products/import.ts";
import type { Product } from "../../../services/products/products.contract.ts";

const lamp: Product = {
	id: 108,
	name: "Mosaic lamp",
	description: "A globe of coloured glass",
	price: 6450,
	currency: "EUR",
	images: [],
	createdAt: "2026-01-01T00:00:00.000Z",
	updatedAt: "2026-01-01T00:00:00.000Z",
	version: 3
};

describe("changing a product", () => {
	const at = "2026-02-01T00:00:00.000Z";

	it("makes its next version and tells what is new, and the price it had", () => {
		const details = { name: "Lamp", description: "", price: 5990, currency: "EUR", images: ["https://souk.test/a"] };
		expect(changed(lamp, details, at)).toEqual({
			product: { id: 108, ...details, createdAt: lamp.createdAt, updatedAt: at, version: 4 },
			changed: ["name", "description", "price", "images"],
			previousPrice: 6450
		});
	});

	it("tells of no other price where the price stays", () => {
		const change = changed(lamp, { ...lamp, categoryId: 7 }, at);
		expect(change.changed).toEqual(["categoryId"]);
		expect(change).not.toHaveProperty("previousPrice");
	});

	it("takes it out of a category that is not said again", () => {
		expect(changed({ ...lamp, categoryId: 7 }, lamp, at)).toMatchObject({
			product: { categoryId: undefined },
			changed: ["categoryId"]
		});
	});
});

it("a search looks through the words of a product's name and description", () => {
	expect(searchable({ name: "ÖL-Lampe, 5 l", description: "Grün & blau\n(neu)" })).toBe("ol lampe 5 l\ngrun blau neu");
});

describe("lines of an import", () => {
	const line = { name: "Lamp", price: 1, onHand: 2 };

	it("are products, or refused with all that is wrong with them", () => {
		const { read, refused } = readLines([line, { ...line, price: "1.50", onHand: -1, colour: "red" }, {}, line]);
		expect(read.map(({ at }) => at)).toEqual([0, 3]);
		expect(refused.map(({ at, errors }) => [at, errors.map(({ pointer }) => pointer).sort()])).toEqual([
			[1, ["/colour", "/onHand", "/price"]],
			[2, ["/name", "/onHand", "/price"]]
		]);
	});

	it("go into the category they name, if there is one", () => {
		const { read } = readLines([line, { ...line, category: "Lamps" }, { ...line, category: "Rugs" }]);
		expect(categorized(read, new Map([["Lamps", 7]]))).toMatchObject({
			wares: [
				{ details: { name: "Lamp", categoryId: undefined }, onHand: 2 },
				{ details: { categoryId: 7 }, onHand: 2 }
			],
			refused: [{ at: 2, errors: [{ pointer: "/category", detail: "there is no category Rugs" }] }]
		});
	});
});
