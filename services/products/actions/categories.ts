import type { Handler } from "../../../broker/service.ts";
import {
	dropCategory,
	findCategory,
	insertCategory,
	pageOfCategories,
	rename,
	subjectOf
} from "../categories.store.ts";
import { assertExpected } from "../guards.ts";
import type { ProductsService } from "../products.service.ts";

export const categories: Handler<"products.categories", ProductsService> = function (ctx) {
	return pageOfCategories(this.store, ctx.params);
};

export const category: Handler<"products.category", ProductsService> = function (ctx) {
	return findCategory(this.store, ctx.params.id);
};

export const createCategory: Handler<"products.createCategory", ProductsService> = function (ctx) {
	return this.store.transact(ctx, async unit => {
		const made = await insertCategory(unit, ctx.params.name);
		unit.emit("product.category_created", subjectOf(made.id), { category: made }, made.version);
		return made;
	});
};

export const renameCategory: Handler<"products.renameCategory", ProductsService> = function (ctx) {
	const { id, name } = ctx.params;
	return this.store.transact(ctx, async unit => {
		const before = await findCategory(unit, id);
		assertExpected(before, ctx.ifMatch);
		const renamed = await rename(unit, before, name);
		const data = { category: renamed, previousName: before.name };
		unit.emit("product.category_renamed", subjectOf(id), data, renamed.version);
		return renamed;
	});
};

export const removeCategory: Handler<"products.removeCategory", ProductsService> = function (ctx) {
	return this.store.transact(ctx, async unit => {
		const found = await findCategory(unit, ctx.params.id);
		assertExpected(found, ctx.ifMatch);
		await dropCategory(unit, found);
		unit.emit("product.category_removed", subjectOf(found.id), { category: found }, found.version + 1);
		return null;
	});
};
