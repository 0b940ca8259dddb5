import { z } from "zod";
import { contract, events, type ActionsOf, type EventsOf } from "../../broker/contract.ts";
import { VersionConflict } from "../../broker/errors.ts";
import { ById, Currency, Id, Line, Money, PageQuery, pageOf, TextId, Time, Units } from "../../broker/schemas.ts";
import {
	ImportDiffers,
	ProductCategoryExists,
	ProductCategoryInUse,
	ProductCategoryNotFound,
	ProductNotFound
} from "./products.errors.ts";

const Images = z.array(z.url({ protocol: /^https$/, error: "is no https address" }).max(2_000)).max(10);

export const Product = z
	.strictObject({
		id: Id,
		name: z.string(),
		description: z.string(),
		price: Money,
		currency: Currency,
		categoryId: Id.optional(),
		/** Events of a time before there were any have none. */
		images: Images.default([]),
		createdAt: Time,
		updatedAt: Time,
		version: z.int().positive()
	})
	.meta({ id: "Product" });
export type Product = z.output<typeof Product>;
/** What a person says of a product, by its name. */
export const Field = z.enum(["name", "description", "price", "currency", "categoryId", "images"]);
export type Field = z.output<typeof Field>;

export const ProductCategory = z
	.strictObject({ id: Id, name: z.string(), createdAt: Time, updatedAt: Time, version: z.int().positive() })
	.meta({ id: "ProductCategory" });
export type ProductCategory = z.output<typeof ProductCategory>;

/** A price that a product had from then on, and the user who gave it, where it was one. */
export const Price = z
	.strictObject({ id: Id, price: Money, currency: Currency, at: Time, userId: Id.optional() })
	.meta({ id: "ProductPrice" });
export type Price = z.output<typeof Price>;

/** What a person says of a product. An order adds prices up, so the whole catalogue has one currency. */
const details = {
	name: Line(),
	description: z
		.string()
		.trim()
		.max(2_000)
		.regex(/^(?:[^\p{Cc}\p{Cs}]|[\t\r\n])*$/u, "has characters that are not text")
		.default(""),
	price: Money,
	currency: z.enum(["EUR"]).default("EUR"),
	categoryId: Id.optional(),
	images: Images.default([])
};

/** What a list can be sorted by; a leading minus means the other way round. */
export const Sort = z.enum(["relevance", "id", "-id", "name", "-name", "price", "-price"]);
export type Sort = z.output<typeof Sort>;

const { categoryId: _, ...imported } = details;
/** A product to be imported, in a category that there is, and how many of it are on the shelf. */
export const ImportLine = z.strictObject({ ...imported, category: Line().optional(), onHand: Units });
export type ImportLine = z.output<typeof ImportLine>;

/** A line that was not imported: its place in the batch, from 0, and all that is wrong with it. */
const RefusedLine = z.strictObject({
	at: z.int().min(0),
	errors: z.array(z.strictObject({ pointer: z.string(), detail: z.string() }))
});
export type RefusedLine = z.output<typeof RefusedLine>;
export const ImportResult = z
	.strictObject({ id: Id, accepted: z.int().min(0), refused: z.array(RefusedLine) })
	.meta({ id: "ProductImportResult" });
export type ImportResult = z.output<typeof ImportResult>;
/** One batch of an import. Until it is LISTED, nothing of it is in the catalogue. */
export const ProductImport = z
	.strictObject({
		id: Id,
		source: z.string(),
		batch: z.int(),
		status: z.enum(["PENDING", "LISTED"]),
		accepted: z.int(),
		refused: z.int(),
		createdAt: Time,
		listedAt: Time.optional()
	})
	.meta({ id: "ProductImport" });
export type ProductImport = z.output<typeof ProductImport>;

const staff = { roles: ["staff"] } as const;

export const products = contract("products", {
	list: {
		summary: "The catalogue; with `search`, the products in which each of its words begins one, the best first",
		params: z.strictObject({
			...PageQuery,
			search: Line(100).optional(),
			categoryId: TextId.optional(),
			sort: Sort.optional()
		}),
		result: pageOf(Product),
		rest: "GET /products",
		access: "public"
	},
	get: {
		summary: "One product",
		params: ById,
		result: Product,
		rest: "GET /products/:id",
		access: "public",
		refuses: [ProductNotFound]
	},
	create: {
		summary: "Adds a product to the catalogue; its stock is set in inventory",
		params: z.strictObject(details),
		result: Product,
		rest: "POST /products",
		status: 201,
		access: staff,
		idempotencyKey: "optional",
		refuses: [ProductCategoryNotFound]
	},
	update: {
		summary: "Replaces what is said of a product; orders keep the price they were placed at",
		params: ById.extend(details),
		result: Product,
		rest: "PUT /products/:id",
		access: staff,
		refuses: [ProductNotFound, ProductCategoryNotFound, VersionConflict]
	},
	remove: {
		summary: "Takes a product out of the catalogue; orders that have it stay as they are",
		params: ById,
		result: z.null(),
		rest: "DELETE /products/:id",
		status: 204,
		access: staff,
		refuses: [ProductNotFound, VersionConflict]
	},
	prices: {
		summary: "Every price that a product had, the newest first, and who gave it",
		params: ById.extend(PageQuery),
		result: pageOf(Price),
		rest: "GET /products/:id/prices",
		access: staff,
		refuses: [ProductNotFound]
	},
	import: {
		summary: "Adds the good lines of a batch of a file, each product with its stock, once however often it is sent",
		params: z.strictObject({
			source: z.string().regex(/^[0-9a-f]{64}$/, "is no SHA-256 in hexadecimal"),
			batch: z.int().min(1),
			lines: z.array(z.record(z.string(), z.unknown())).min(1).max(500)
		}),
		result: ImportResult,
		rest: "POST /products/imports",
		status: 202,
		access: staff,
		idempotencyKey: "optional",
		refuses: [ImportDiffers]
	},
	imports: {
		summary: "The batches that were imported, the newest first; PENDING ones wait for their stock",
		params: z.strictObject({ ...PageQuery, status: z.enum(["PENDING", "LISTED"]).optional() }),
		result: pageOf(ProductImport),
		rest: "GET /products/imports",
		access: staff
	},
	categories: {
		summary: "The categories of products, oldest first",
		params: z.strictObject(PageQuery),
		result: pageOf(ProductCategory),
		rest: "GET /product-categories",
		access: "public"
	},
	category: {
		summary: "One category of products",
		params: ById,
		result: ProductCategory,
		rest: "GET /product-categories/:id",
		access: "public",
		refuses: [ProductCategoryNotFound]
	},
	createCategory: {
		summary: "Adds a category",
		params: z.strictObject({ name: Line() }),
		result: ProductCategory,
		rest: "POST /product-categories",
		status: 201,
		access: staff,
		idempotencyKey: "optional",
		refuses: [ProductCategoryExists]
	},
	renameCategory: {
		summary: "Gives a category another name",
		params: ById.extend({ name: Line() }),
		result: ProductCategory,
		rest: "PUT /product-categories/:id",
		access: staff,
		refuses: [ProductCategoryNotFound, ProductCategoryExists, VersionConflict]
	},
	removeCategory: {
		summary: "Removes a category in which no products are",
		params: ById,
		result: z.null(),
		rest: "DELETE /product-categories/:id",
		status: 204,
		access: staff,
		refuses: [ProductCategoryNotFound, ProductCategoryInUse, VersionConflict]
	},
	resolve: {
		summary: "Those of the products that are sold; the others are left out",
		params: z.strictObject({ ids: z.array(Id).min(1).max(50) }),
		result: z.strictObject({ items: z.array(Product) }),
		access: "internal"
	}
});

export const productEvents = events("product", {
	created: z.strictObject({ product: Product }),
	/** With the fields that are others now, and the price it had, when that changed. */
	updated: z.strictObject({ product: Product, changed: z.array(Field).optional(), previousPrice: Money.optional() }),
	deleted: z.strictObject({ product: Product }),
	/** Products that wait for their stock: they are created when inventory says that it stands. */
	imported: z.strictObject({ importId: Id, items: z.array(z.strictObject({ productId: Id, onHand: Units })).max(500) }),
	category_created: z.strictObject({ category: ProductCategory }),
	category_renamed: z.strictObject({ category: ProductCategory, previousName: z.string() }),
	category_removed: z.strictObject({ category: ProductCategory })
});

declare module "../../broker/contract.ts" {
	interface Actions extends ActionsOf<typeof products> {}
	interface Events extends EventsOf<typeof productEvents> {}
}
