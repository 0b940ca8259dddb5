import { VersionConflict } from "../../broker/errors.ts";
import { type Handler, serve, service } from "../../broker/service.ts";
import { idsTaken } from "../../broker/sql/ids-taken.ts";
import { outbox, type OutboxService } from "../../mixins/outbox.mixin.ts";
import { rows, type RowsService } from "../../mixins/rows.mixin.ts";
import { store } from "../../mixins/store.mixin.ts";
import catalogue from "../../data/seeds/products.json" with { type: "json" };
import { changed } from "./product.ts";
import { type Product, products } from "./products.contract.ts";
import {
	find,
	insert,
	load,
	markRemoved,
	page,
	plant,
	type ProductRow,
	read,
	readAll,
	replace,
	subjectOf
} from "./products.store.ts";

export type ProductsService = OutboxService & RowsService<ProductRow>;

const list: Handler<"products.list", ProductsService> = function (ctx) {
	return page(this.store, ctx.params);
};

const get: Handler<"products.get", ProductsService> = function (ctx) {
	return read(this.rows, ctx.params.id);
};

const create: Handler<"products.create", ProductsService> = function (ctx) {
	return this.store.transact(ctx, async unit => {
		const product = await insert(unit, ctx.params);
		unit.emit("product.created", subjectOf(product.id), { product }, product.version);
		return product;
	});
};

const update: Handler<"products.update", ProductsService> = function (ctx) {
	const { id, ...details } = ctx.params;
	return this.store.transact(ctx, async unit => {
		const before = await find(unit, id);
		assertExpected(before, ctx.ifMatch);
		const { product, previousPrice } = changed(before, details, unit.now);
		await replace(unit, product);
		this.rows.forget(unit, id);
		unit.emit("product.updated", subjectOf(id), { product, previousPrice }, product.version);
		return product;
	});
};

const remove: Handler<"products.remove", ProductsService> = function (ctx) {
	return this.store.transact(ctx, async unit => {
		const product = await find(unit, ctx.params.id);
		assertExpected(product, ctx.ifMatch);
		await markRemoved(unit, product);
		this.rows.forget(unit, product.id);
		unit.emit("product.deleted", subjectOf(product.id), { product }, product.version + 1);
		return null;
	});
};

/** On the way of every order. */
const resolve: Handler<"products.resolve", ProductsService> = async function (ctx) {
	return { items: await readAll(this.rows, ctx.params.ids) };
};

/** Throws VersionConflict. */
function assertExpected({ version }: Product, expected: number | undefined): void {
	if (expected !== undefined && expected !== version) throw new VersionConflict(expected, version);
}

export default service<ProductsService>({
	name: "products",
	mixins: [
		store<ProductsService>({
			seed:
				async ({ store }) =>
				async unit => {
					await idsTaken(unit, store.database, "products", "id", catalogue.at(-1)!.id);
					for (const { id, ...details } of catalogue) plant(unit, id, details);
				}
		}),
		rows(load),
		outbox()
	],
	actions: serve(products, { list, get, create, update, remove, resolve })
});
