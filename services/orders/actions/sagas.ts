import type { Handler } from "../../../broker/service.ts";
import { SagaNotFound } from "../orders.errors.ts";
import type { OrdersService } from "../orders.service.ts";
import { sagaDetail, sagaPage } from "../sagas.store.ts";

/** The sagas behind orders, newest first. */
export const sagas: Handler<"orders.sagas", OrdersService> = async function (ctx) {
	return sagaPage(this.store, ctx.params);
};

/** One saga with its timeline. */
export const saga: Handler<"orders.saga", OrdersService> = async function (ctx) {
	const detail = await sagaDetail(this.store, ctx.params.id);
	if (!detail) throw new SagaNotFound(ctx.params.id);
	return detail;
};

/** Pushes a saga on that gave up. */
export const retrySaga: Handler<"orders.retrySaga", OrdersService> = async function (ctx) {
	const { id } = ctx.params;
	if (!(await this.sagas.push(id))) throw new SagaNotFound(id);
	return (await sagaDetail(this.store, id))!;
};
