import type { Handler } from "../../../broker/service.ts";
import { pageOfUser } from "../../../broker/sql/of-user.ts";
import type { PaymentsService } from "../payments.service.ts";
import { type PaymentRow, toPayment } from "../payments.store.ts";

export const listOfUser: Handler<"payments.listOfUser", PaymentsService> = async function (ctx) {
	ctx.assertOwner(ctx.params.id);
	const { items, ...more } = await pageOfUser<PaymentRow>(this.store, "payments", ctx.params);
	return { items: items.map(toPayment), ...more };
};
