import { z } from "zod";
import { contract, events, type ActionsOf, type EventsOf } from "../../broker/contract.ts";
import { VersionConflict } from "../../broker/errors.ts";
import { ById, Currency, Id, Line, Money, PageQuery, pageOf, Time } from "../../broker/schemas.ts";
import { ProductNotFound } from "./products.errors.ts";

export const Product = z
	.strictObject({
		id: Id,
		name: z.string(),
		description: z.string(),
		price: Money,
		currency: Currency,
		createdAt: Time,
		updatedAt: Time,
		version: z.int().positive()
	})
	.meta({ id: "Product" });
export type Product = z.output<typeof Product>;

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
	currency: z.enum(["EUR"]).default("EUR")
};

/** What a list can be sorted by; a leading minus means the other way round. */
export const Sort = z.enum(["id", "-id", "name", "-name", "price", "-price"]);
export type Sort = z.output<typeof Sort>;

const staff = { roles: ["staff"] } as const;

export const products = contract("products", {
	list: {
		summary: "The catalogue; with `search`, the products whose name or description has it",
		params: z.strictObject({ ...PageQuery, search: Line(100).optional(), sort: Sort.default("id") }),
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
		idempotencyKey: "optional"
	},
	update: {
		summary: "Replaces what is said of a product; orders keep the price they were placed at",
		params: ById.extend(details),
		result: Product,
		rest: "PUT /products/:id",
		access: staff,
		refuses: [ProductNotFound, VersionConflict]
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
	resolve: {
		summary: "Those of the products that are sold; the others are left out",
		params: z.strictObject({ ids: z.array(Id).min(1).max(50) }),
		result: z.strictObject({ items: z.array(Product) }),
		access: "internal"
	}
});

export const productEvents = events("product", {
	created: z.strictObject({ product: Product }),
	/** With the price it had, when that changed. */
	updated: z.strictObject({ product: Product, previousPrice: Money.optional() }),
	deleted: z.strictObject({ product: Product })
});

declare module "../../broker/contract.ts" {
	interface Actions extends ActionsOf<typeof products> {}
	interface Events extends EventsOf<typeof productEvents> {}
}
