import fc from "fast-check";
import { changed, patternOf, searchable } from "../../../services/products/product.ts";
import type { Product } from "../../../services/products/products.contract.ts";

const lamp: Product = {
	id: 108,
	name: "Mosaic lamp",
	description: "A globe of coloured glass",
	price: 6450,
	currency: "EUR",
	createdAt: "2026-01-01T00:00:00.000Z",
	updatedAt: "2026-01-01T00:00:00.000Z",
	version: 3
};

describe("changing a product", () => {
	const at = "2026-02-01T00:00:00.000Z";

	it("makes its next version and tells the price it had", () => {
		const details = { name: "Lamp", description: "", price: 5990, currency: "EUR" };
		expect(changed(lamp, details, at)).toEqual({
			product: { id: 108, ...details, createdAt: lamp.createdAt, updatedAt: at, version: 4 },
			previousPrice: 6450
		});
	});

	it("tells of no other price where the price stays", () => {
		const details = { name: "Lamp", description: "", price: 6450, currency: "EUR" };
		expect(changed(lamp, details, at)).not.toHaveProperty("previousPrice");
	});
});

describe("a search", () => {
	it("takes the signs of LIKE literally, whatever they stand beside", () => {
		fc.assert(
			fc.property(fc.array(fc.constantFrom("%", "_", "\\", "a", "ß"), { minLength: 1 }), signs => {
				const pattern = patternOf(signs.join(""));
				expect(pattern.at(0)).toBe("%");
				expect(pattern.at(-1)).toBe("%");
				const tokens = pattern.slice(1, -1).match(/\\[%_\\]|[^%_\\]/gu) ?? [];
				// Every sign is found escaped, and no bare one is left over.
				expect(tokens.join("")).toBe(pattern.slice(1, -1));
				expect(tokens.map(token => token.at(-1))).toEqual(signs);
			})
		);
	});

	it("makes nothing of case, nor of how a letter is composed", () => {
		expect(patternOf("CAFE\u0301")).toBe(patternOf("caf\u00e9"));
		expect(searchable({ name: "ÖL", description: "Grün" })).toBe("öl\ngrün");
	});

	it("finds what it folds in the same way", () => {
		fc.assert(
			fc.property(fc.string({ unit: "grapheme" }), fc.string({ unit: "grapheme" }), (name, description) => {
				const literal = patternOf(name)
					.slice(1, -1)
					.replace(/\\([\\%_])/g, "$1");
				expect(searchable({ name, description }).startsWith(literal)).toBe(true);
			})
		);
	});
});
