import type { Handler } from "../../../broker/service.ts";
import {
	announceCategory,
	findCategory,
	insertCategory,
	pageOfCategories,
	removeRow,
	replaceCategory
} from "../categories.store.ts";
import { assertVersion } from "../tasks.guards.ts";
import type { TasksService } from "../tasks.service.ts";

export const listCategories: Handler<"tasks.listCategories", TasksService> = function (ctx) {
	return pageOfCategories(this.store, ctx.params);
};

export const createCategory: Handler<"tasks.createCategory", TasksService> = function (ctx) {
	return this.store.transact(ctx, async unit => {
		const category = await insertCategory(unit, ctx.params);
		announceCategory(unit, category, "created");
		return category;
	});
};

export const updateCategory: Handler<"tasks.updateCategory", TasksService> = function (ctx) {
	const { id, ...details } = ctx.params;
	return this.store.transact(ctx, async unit => {
		const before = await findCategory(unit, id);
		assertVersion(ctx, before);
		const category = await replaceCategory(unit, { ...before, ...details });
		announceCategory(unit, category, "updated");
		return category;
	});
};

export const removeCategory: Handler<"tasks.removeCategory", TasksService> = function (ctx) {
	return this.store.transact(ctx, async unit => {
		const before = await findCategory(unit, ctx.params.id);
		assertVersion(ctx, before);
		announceCategory(unit, await removeRow(unit, before), "removed");
		return null;
	});
};
